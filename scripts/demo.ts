// npm run demo [-- --auto] [--scene decision|approval|budget|stop] [--url http://127.0.0.1:4000] [--key …]: scripted agents
// on a running server, and what people do about them. Prints the calls that answer them; with --auto it answers itself.
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

const { values: flags } = parseArgs({
  options: {
    auto: { type: 'boolean', default: false },
    scene: { type: 'string' },
    url: { type: 'string' },
    key: { type: 'string' },
  },
});
if (flags.scene !== undefined && !Object.hasOwn(scenes, flags.scene)) {
  console.error(`There is no scene "${flags.scene}": ${Object.keys(scenes).join(', ')}`);
  process.exit(1);
}

const client = await openClient(flags);
for (const [name, { title, play }] of Object.entries(scenes)) {
  if (flags.scene !== undefined && flags.scene !== name) continue;
  console.log(`\n── ${title} ──\n`);
  await play(await setStage(client, flags.auto, title));
}
await client.close();
