import type { Caller } from '../graphql/caller.ts';

/** Viewers of one class see the same of every payload: subscribers of one class share executions. */
export const viewerClass = (viewer: Caller, personal: boolean): string =>
  personal ? `credential:${viewer.credentialId}` : `${viewer.projectId ?? '*'}|${viewer.role}`;

/**
 * The viewer of a shared execution: a class, not a person. Whatever asks who it is fails, rather than show one
 * subscriber's view to all; a field that has to ask is declared with `extensions: { personal: true }`.
 */
export function sharedViewer<V extends Caller>(viewer: V): V {
  const personal = (name: string) => ({
    enumerable: false,
    get(): never {
      throw new Error(`a shared execution has no ${name}: give the field extensions { personal: true }`);
    },
  });
  const { role, projectId } = viewer;
  return Object.defineProperties({ role, projectId, expiresAt: null } as V, {
    actor: personal('actor'),
    credentialId: personal('credentialId'),
  });
}
