import { mkdir } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

/**
 * Makes a folder for its owner alone (mode 0700), with those above it that are missing; one that is there is left as it
 * is. Rejects with the system's error. Not by mkdir's own `recursive`: where the system answers ENOENT though the folder
 * above is there, as below /proc, that tries again for ever.
 */
export async function makeFolder(path: string): Promise<void> {
  const folder = resolve(path);
  const refused = await tryToMake(folder);
  if (refused === null) return;
  const above = dirname(folder);
  if (refused.code !== 'ENOENT' || above === folder) throw refused;
  await makeFolder(above);
  const again = await tryToMake(folder);
  if (again !== null) throw again;
}

/** Null where the folder is there now. What is there and is no folder is found out by whoever writes into it. */
const tryToMake = (folder: string): Promise<NodeJS.ErrnoException | null> =>
  mkdir(folder, { mode: 0o700 }).then(
    () => null,
    (error: NodeJS.ErrnoException) => (error.code === 'EEXIST' ? null : error),
  );
