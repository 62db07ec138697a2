// npm run demo [-- options]: scripted agents on a running server, and what people do about them. Prints the calls that
// answer them; with --auto it answers itself.
import { parseArgs } from 'node:util';
import { playApproval } from './demo/approval.ts';
import { playBudget } from './demo/budget.ts';
import { openClient } from './demo/client.ts';
import { playDecision } from './demo/decision.ts';
import { setStage, type Stage } from './demo/stage.ts';
import { playStop } from './demo/stop.ts';

const scenes: Record<string, { title: string; play: (stage: Stage) => Promise<void> }> = {
  decision: { title: 'An agent asks, a person decides, the agent goes on', play: playDecision },
  approval: { title: 'A call is approved with another input than was proposed', play: playApproval },
  budget: { title: 'A budget runs out, and is raised', play: playBudget },
  stop: { title: 'An emergency stop, and a guided recovery', play: playStop },
};

const usage = `npm run demo [-- options]

Plays scenes with scripted agents on a running server (npm start), and prints the calls with which people answer them.

  --auto           makes those calls itself
  --scene <name>   plays one scene alone: ${Object.keys(scenes).join(', ')}
  --url <address>  the server; else http://HOST:PORT of the environment, or http://127.0.0.1:4000
  --key <key>      an ADMIN key of every project; else ADMIN_API_KEY of the environment, or the one in DATA_DIR/admin-key
  --help           says this`;

const options = {
  auto: { type: 'boolean', default: false },
  scene: { type: 'string' },
  url: { type: 'string' },
  key: { type: 'string' },
  help: { type: 'boolean', default: false },
} as const;

try {
  const flags = flagsGiven();
  if (flags.help) console.log(usage);
  else await play(flags);
} catch (error) {
  // What a scene meets is the server's word, or the connection's: its sentence says it, and no stack adds to it.
  fail(error instanceof Error ? error.message : `The connection ended: ${(error as CloseEvent).reason}`);
}

function flagsGiven() {
  try {
    const { values } = parseArgs({ options });
    if (values.scene === undefined || Object.hasOwn(scenes, values.scene)) return values;
    return fail(`There is no scene "${values.scene}".\n\n${usage}`);
  } catch (error) {
    return fail(`${(error as Error).message}\n\n${usage}`);
  }
}

async function play({ auto, scene, url, key }: ReturnType<typeof flagsGiven>): Promise<void> {
  const client = await openClient({ url, key });
  for (const [name, { title, play: playScene }] of Object.entries(scenes)) {
    if (scene !== undefined && scene !== name) continue;
    console.log(`\n── ${title} ──\n`);
    await playScene(await setStage(client, auto, title));
  }
  await client.close();
}

function fail(message: string): never {
  console.error(message);
  process.exit(1);
}
