// Runs before `npm start`: builds the workstation anew where it was built from other sources, and says so in one line. A
// build that fails is told, and the start goes on: with the build before it, or without a workstation. Where there are no
// sources, as in an image that holds the build alone, there is nothing to do.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { hashOfInputs } from './workstation/inputs.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const built = `${root}dist/workstation`;
/** Beside the page, so that whatever empties the folder takes it along. */
const stamp = `${built}/.inputs`;

if (existsSync(`${root}src/workstation`)) {
  const inputs = hashOfInputs(root);
  if (!existsSync(`${built}/index.html`)) build('has not been built', inputs);
  else if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== inputs)
    build('was built from other sources', inputs);
}

function build(why: string, inputs: string): void {
  console.log(`Building the workstation, which ${why} …`);
  const { status, stdout, stderr } = spawnSync('npm', ['run', '--silent', 'build:workstation'], {
    cwd: root,
    encoding: 'utf8',
  });
  if (status === 0) return writeFileSync(stamp, inputs);
  const rest = existsSync(`${built}/index.html`)
    ? 'the build before it is served'
    : 'there is none to be served';
  console.warn(`Warning: the workstation could not be built; ${rest}.\n${stdout ?? ''}${stderr ?? ''}`);
}
