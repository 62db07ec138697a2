// npm run mcp: Holdpoint's MCP server over stdio, for clients that start their servers themselves. It speaks to a running
// Holdpoint at HOLDPOINT_URL (http://127.0.0.1:4000 when unset) with the key in HOLDPOINT_TOKEN.
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import about from '../package.json' with { type: 'json' };
import { connect } from '../src/client/connection.ts';
import { createMcpServer } from '../src/mcp/mcp-server.ts';

const { HOLDPOINT_URL: url = 'http://127.0.0.1:4000', HOLDPOINT_TOKEN: token } = process.env;
const faults = [
  !/^https?:\/\/[^/]/.test(url) || !URL.canParse(url) ? 'HOLDPOINT_URL must be an http(s) address' : null,
  token === undefined || token === '' ? 'HOLDPOINT_TOKEN is missing: a key of an AGENT of the project' : null,
].filter((fault) => fault !== null);
if (faults.length > 0) {
  // Standard output is the protocol's.
  for (const fault of faults) console.error(fault);
  process.exit(2);
}

const connection = connect({ url, token: token! });
const handle = serveStdio(() => createMcpServer(connection, about.version), {
  onerror: (error) => console.error(error.message),
});
const end = () => {
  connection.close();
  void handle.close();
};
process.once('SIGINT', end);
process.once('SIGTERM', end);
process.stdin.once('end', end);
