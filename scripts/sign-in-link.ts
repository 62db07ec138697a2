// npm run sign-in-link: a link that signs in at the workstation once. See USAGE.
import { parseArgs } from 'node:util';
import { IN_MEMORY } from '../src/database/embedded.ts';
import { addressOfLink, makeSignInLink } from '../src/sign-in/make-link.ts';
import { withDatabase } from './keys/with-keys.ts';

const USAGE = `Usage: npm run sign-in-link

Prints a link that signs in at the workstation as the bootstrap admin: once, within 15 minutes. Links before it that nobody
has used are void from then on.

A PostgreSQL database is written while servers run. The embedded one has to be stopped first: but its start prints a link.

Exit code: 0 done, 1 not done.`;

process.exitCode = await main();

async function main(): Promise<number> {
  try {
    if (parseArgs({ options: { help: { type: 'boolean' } } }).values.help) {
      console.log(USAGE);
      return 0;
    }
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${USAGE}`);
    return 1;
  }
  return withDatabase(async ({ config: { server, database: configured }, ...opened }) => {
    if (configured.url === null && configured.dataDirectory === IN_MEMORY) {
      console.error('DATA_DIR is memory://, which keeps no link for a server to find');
      return 1;
    }
    const token = await makeSignInLink(opened);
    if (token === null) {
      console.error(
        'there is no bootstrap admin to sign in as: its key was revoked, or no server has started here',
      );
      return 1;
    }
    const host = server.host.includes(':') ? `[${server.host}]` : server.host;
    console.log(addressOfLink(server.publicUrl ?? `http://${host}:${server.port}`, token));
    return 0;
  });
}
