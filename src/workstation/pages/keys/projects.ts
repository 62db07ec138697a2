import { plainly } from '../../parts/marks.ts';
import { keysTexts as words } from '../../texts.ts';

export interface Project {
  id: string;
  name: string;
}

/** Where a key or a person reaches: null is every project. */
export const projectName = (projects: readonly Project[], id: string | null | undefined): string => {
  if (id == null) return words.everyProject;
  const project = projects.find((each) => each.id === id);
  return project ? plainly(project.name) : id;
};
