import { createSecretKey, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { link, open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ConfigError } from '../config.ts';
import { parseEncryptionKeys } from '../environment-values.ts';
import { makeFolder } from '../kernel/folder.ts';
import type { RingKey } from './key-ring.ts';

/** In the data folder, which is this user's alone. What it holds is what ENCRYPTION_KEYS would. */
export const keyFileOf = (dataDirectory: string): string => join(dataDirectory, 'encryption-keys');

/** A new key under an id of its own, so that one made elsewhere is told from it by its name. */
export function makeKey(): { text: string; keys: RingKey[] } {
  const id = `made-${randomBytes(4).toString('hex')}`;
  const bytes = randomBytes(32);
  return { text: `${id}:${bytes.toString('base64')}`, keys: [{ id, key: createSecretKey(bytes) }] };
}

/** The keys in this file, or null where there is none. Throws ConfigError where it holds anything else. */
export async function readKeyFile(file: string): Promise<readonly RingKey[] | null> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (text === null) return null;
  const parsed = parseEncryptionKeys(text.trim());
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(({ message }) => message).join('; ');
  throw new ConfigError([{ variable: 'ENCRYPTION_KEYS', message: `as kept in ${file}: ${faults}` }]);
}

/**
 * Makes a key and keeps it, readable by its owner alone: whole and on the disk, or not at all, for whatever is encrypted
 * with it is lost with it. Where another process was quicker, its key is the one.
 */
export async function makeKeyFile(dataDirectory: string): Promise<readonly RingKey[]> {
  await makeFolder(dataDirectory);
  const file = keyFileOf(dataDirectory);
  const { text, keys } = makeKey();
  const draft = `${file}.${randomBytes(8).toString('hex')}`;
  try {
    await writeThrough(draft, `${text}\n`);
    await link(draft, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return (await readKeyFile(file))!;
  } finally {
    await rm(draft, { force: true });
  }
  await syncFolder(dataDirectory);
  return keys;
}

/** The keys in this file as they are now, or null where they can't be read: whoever asks goes on with those it has. */
export function readKeyFileAgain(file: string): readonly RingKey[] | null {
  try {
    const parsed = parseEncryptionKeys(readFileSync(file, 'utf8').trim());
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}

/**
 * Puts a new key in front of those in the file, which stay. Whole and on the disk, or not at all. The caller sees to it
 * that nobody else does the same meanwhile: theirs would be lost. Returns the new key's id.
 */
export async function prependKey(dataDirectory: string): Promise<string> {
  const file = keyFileOf(dataDirectory);
  const before = (await readFile(file, 'utf8')).trim();
  const { text, keys } = makeKey();
  const draft = `${file}.${randomBytes(8).toString('hex')}`;
  try {
    await writeThrough(draft, `${text},${before}\n`);
    await rename(draft, file);
  } finally {
    await rm(draft, { force: true });
  }
  await syncFolder(dataDirectory);
  return keys[0]!.id;
}

async function writeThrough(file: string, text: string): Promise<void> {
  const handle = await open(file, 'wx', 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** The name is on the disk too. Where the system can't sync a folder, it keeps names in its own way. */
async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, 'r').catch(() => null);
  await handle?.sync().catch(() => {});
  await handle?.close();
}
