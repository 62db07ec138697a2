import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** In the data folder, which is this user's alone. */
const ADMIN_KEY_FILE = 'admin-key';

/**
 * Keeps the key that the first start made beside the embedded database, readable by its owner alone, so that the
 * demonstration and whoever missed the line on the screen find it. Whoever can read it can read the whole database
 * anyway; once people have keys of their own, it can be deleted, and the key revoked.
 */
export async function keepAdminKey(dataDirectory: string, key: string): Promise<string> {
  const file = join(dataDirectory, ADMIN_KEY_FILE);
  await writeFile(file, `${key}\n`, { mode: 0o600 });
  return file;
}
