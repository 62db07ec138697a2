import type { Viewer } from '../identity/viewer.ts';
import type { SupervisionDeps } from '../projects/deps.ts';
import { type ConfigurationFault, readConfiguration } from './configuration.ts';
import type { Configuration } from './configuration-schema.ts';
import { changedSettings, type SettingChange } from './diff.ts';
import { readMasked } from './masked-versions.ts';
import { unmasked } from './secrets.ts';
import { fillIn } from './withheld.ts';
import { readTree } from './yaml-tree.ts';

export type ReadingDeps = Pick<SupervisionDeps, 'prisma' | 'vault' | 'supervisionEnvironment'>;

/** A text as `updateSupervision` would read it for this team, whose masks it may have. Faults as there, each with its place. */
export async function readFor(
  deps: ReadingDeps,
  viewer: Viewer,
  teamId: string,
  yaml: string,
): Promise<{
  configuration: Configuration | null;
  faults: ConfigurationFault[];
  warnings: ConfigurationFault[];
}> {
  const plain = unmasked(yaml, await readMasked(deps, viewer, teamId, yaml));
  const reading = readConfiguration(plain.text, deps.supervisionEnvironment);
  const tree = readTree(yaml);
  // A mask that stands for nothing is told as that, not as the address or the secret that it is not.
  const masks = plain.faults.map(({ path, message }) => {
    const { line, column } = tree.lineOf(tree.valueAt(path));
    return { path, line, column, message: `${message} (line ${line}, column ${column})` };
  });
  const told = new Set(masks.map(({ path }) => path.join('\n')));
  const others = reading.ok ? [] : reading.faults.filter(({ path }) => !told.has(path.join('\n')));
  const faults = [...masks, ...others].sort((a, b) => a.line - b.line || a.column - b.column);
  return {
    configuration: reading.ok ? reading.configuration : null,
    faults,
    warnings: reading.ok && faults.length === 0 ? reading.warnings : [],
  };
}

export interface SupervisionCheck {
  /** In force, what the changes are counted from; 0: none. */
  version: number;
  faults: ConfigurationFault[];
  warnings: ConfigurationFault[];
  changes: SettingChange[];
}

/** What `updateSupervision` would say to this text, and change (behaviour 8.1). Records nothing. The team is the viewer's. */
export async function checkSupervision(
  deps: ReadingDeps,
  viewer: Viewer,
  team: { id: string; projectId: string },
  yaml: string,
): Promise<SupervisionCheck> {
  const { configuration, faults, warnings } = await readFor(deps, viewer, team.id, yaml);
  const row = await deps.prisma.supervisionConfiguration.findFirst({
    where: { teamId: team.id },
    orderBy: { version: 'desc' },
    select: { version: true, yaml: true, configuration: true, secretsId: true },
  });
  const before = row && (await fillIn(deps.prisma, deps.vault, team.projectId, row));
  return {
    version: row?.version ?? 0,
    faults,
    warnings,
    changes: faults.length > 0 ? [] : changedSettings(before?.configuration ?? null, configuration),
  };
}
