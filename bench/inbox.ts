import { spawnSync } from 'node:child_process';
import { executablePath, launch, person } from '../test/workstation/support/browser.ts';
import { percentiles, type Row } from './figures.ts';
import { type BenchServer, type DatabaseKind, seed } from './server.ts';

const ITEMS = 100;
/** Milliseconds for all of them. */
const TARGET = 5 * 60_000;

type Asked = { asked: { success: boolean; errors: { message: string }[] } };
const ASK = `mutation ($input: RequestInterventionInput!) {
  asked: requestIntervention(input: $input) { success errors { message } }
}`;
const CALL = `mutation ($input: AgentCallApprovalInput!) {
  asked: requestAgentCallApproval(input: $input) { success errors { message } }
}`;
const OPTIONS = ['Ship', 'Wait', 'Ask again'].map((label) => ({
  id: label.toLowerCase().replaceAll(' ', '-'),
  label,
  description: `${label}, and say why`,
  value: label,
}));

/** The n-th of the items, and what is asked with it: four kinds, each tenth one CRITICAL. */
async function ask(server: BenchServer, sessionId: string, n: number): Promise<void> {
  const urgency = n % 10 === 9 ? 'CRITICAL' : 'NORMAL';
  const common = { sessionId, agentName: `agent ${n % 7}`, message: `${n}: may this go on?`, urgency };
  const { asked } =
    n % 4 === 3
      ? await server.graphql<Asked>(CALL, {
          input: {
            sessionId,
            agentName: 'coder',
            proposedAction: 'file.read',
            inputData: { path: `notes/${n}.md` },
          },
        })
      : await server.graphql<Asked>(ASK, {
          input: [
            { ...common, type: 'DECISION', options: OPTIONS },
            { ...common, type: 'APPROVAL' },
            { ...common, type: 'QUALITY_REVIEW', context: { lines: n, tests: 'passed' } },
          ][n % 4],
        });
  if (!asked.success) throw new Error(asked.errors[0]?.message);
}

/** Somebody who knows what they want clears a mixed inbox by keys alone, each item as soon as its panel takes an answer. */
export async function measureInbox(server: BenchServer, database: DatabaseKind): Promise<Row[]> {
  if (executablePath === null) return [];
  const { sessionIds } = await seed(server, { teams: 4, sessions: ITEMS });
  for (const [n, sessionId] of sessionIds.entries()) await ask(server, sessionId, n);
  const browser = await launch();
  try {
    const { page, signIn } = await person(browser, `http://127.0.0.1:${server.port}`);
    await signIn(server.key, '/inbox?group=none&order=oldest');
    await page.getByText(`${ITEMS} items wait`).waitFor();
    const began = performance.now();
    const each: number[] = [];
    await page.keyboard.press('j');
    for (let left = ITEMS; left > 0; left -= 1) {
      const started = performance.now();
      const panel = page.locator('[data-panel]');
      await panel.locator('.answer[data-ready=true]').waitFor();
      const id = await panel.getAttribute('data-panel');
      await page.keyboard.press((await panel.locator('.options').count()) > 0 ? '1' : 'a');
      // What is CRITICAL is confirmed; everything else has made room for the next one.
      const next = page.locator(`[data-panel]:not([data-panel=${id}]), .inbox-panel .empty`);
      const confirm = panel.locator('form');
      await next.or(confirm).first().waitFor();
      if (await confirm.isVisible()) {
        await page.keyboard.press('Control+Enter');
        await next.first().waitFor();
      }
      each.push(performance.now() - started);
    }
    await page.getByText('Nothing waits for a decision.').waitFor();
    const took = performance.now() - began;
    const at = percentiles(each);
    return [
      {
        line: `${ITEMS} mixed items cleared in the inbox, by keys alone`,
        database,
        figure: `${(took / 1_000).toFixed(1)} s`,
        target: '< 300 s',
        ratio: TARGET / took,
        p50: at(50),
        p99: at(99),
      },
    ];
  } finally {
    await browser.close();
  }
}

/** What a start serves is what was built. */
export function buildWorkstation(): void {
  const script = new URL('../scripts/build-workstation.ts', import.meta.url).pathname;
  const { status } = spawnSync(process.execPath, [script], { stdio: 'inherit' });
  if (status !== 0) throw new Error('the workstation could not be built');
}
