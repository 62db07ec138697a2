import { inScope, type Viewer } from '../identity/viewer.ts';

/** The project of a link; null: every one. */
export const projectOf = ({ scope }: { scope: string }): string | null => (scope === '*' ? null : scope);

export const isSeen = (viewer: Viewer, link: { scope: string }): boolean => inScope(viewer, projectOf(link));
