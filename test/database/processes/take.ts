// Takes a data folder at a signal given to all at once: take.ts <folder>.
import { once } from 'node:events';
import { takeDataDirectory } from '../../../src/database/data-directory.ts';

console.log('waiting');
await once(process.stdin, 'data');
try {
  await takeDataDirectory(process.argv[2]!);
  console.log('taken');
  // Held until it is killed.
  setInterval(() => {}, 60_000);
} catch (error) {
  console.log(`refused: ${(error as Error).message}`);
  process.exit(1);
}
