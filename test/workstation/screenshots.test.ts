// `SCREENSHOTS=1 npx vitest run test/workstation/screenshots.test.ts` draws the pictures of the README anew, into
// docs/screenshots/. Without the switch nothing is drawn: a run of the tests changes no file.
import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { axeFaults } from './support/axe.ts';
import { noBrowser, type Person } from './support/browser.ts';
import { withStation } from './support/station.ts';

const folder = fileURLToPath(new URL('../../docs/screenshots/', import.meta.url));
const drawing = process.env.SCREENSHOTS !== undefined;

describe.skipIf(noBrowser())('an inbox with something of everything', () => {
  const station = withStation();

  const draw = async ({ page }: Person, name: string): Promise<void> => {
    if (!drawing) return;
    await mkdir(folder, { recursive: true });
    await page.screenshot({ path: `${folder}${name}.png` });
  };

  async function fill(): Promise<{ decision: string; call: string }> {
    const { world, app } = station;
    const sessionId = await world.session({ initialMessage: 'Publish release 2.1 and tell the customers' });
    await app.ok(
      world.keys.AGENT,
      'mutation($id: ID!) { appendConversationTurn(sessionId: $id, turn: {agentName: "release-writer", input: "Write the notes", response: "The notes are written. Two breaking changes are in them; the second needs a word from a person."}) { success errors { message } } }',
      { id: sessionId },
    );
    const later = () => app.clock.advance(7);
    const decision = await world.ask({
      sessionId,
      agentName: 'release-writer',
      type: 'DECISION',
      urgency: 'HIGH',
      timeout: 900,
      message:
        'Release 2.1 changes the format of exported files. Customers with scripts of their own will notice.\nHow shall the notes say it?',
      context: {
        release: '2.1',
        affected_customers: 214,
        risk_level: 'medium',
        draft: 'https://docs.example.com/notes/2.1',
      },
      options: [
        {
          id: 'guide',
          label: 'Announce it, with a guide',
          description: 'The change leads the notes; a guide shows how to adapt scripts.',
          value: 'guide',
          recommended: true,
          metadata: { budget_impact: 40, risk_level: 'low', estimated_time: '2 h' },
        },
        {
          id: 'short',
          label: 'One line among the changes',
          description: 'Quick, and some will find out by their scripts failing.',
          value: 'short',
          metadata: { budget_impact: 0, risk_level: 'high', estimated_time: '5 min' },
        },
        {
          id: 'delay',
          label: 'Hold the release back a week',
          description: 'Time to write to the 214 customers first.',
          value: 'delay',
          metadata: { budget_impact: 900, risk_level: 'low', estimated_time: '5 d' },
        },
      ],
    });
    const call = async (
      agentName: string,
      proposedAction: string,
      contextSummary: string,
      inputData: object,
    ) => {
      later();
      const { requestAgentCallApproval } = await app.ok(
        world.keys.AGENT,
        'mutation($input: AgentCallApprovalInput!) { requestAgentCallApproval(input: $input) { success errors { message } approval { id } } }',
        {
          input: {
            sessionId: await world.session(),
            agentName,
            proposedAction,
            inputData,
            contextSummary,
            estimatedTokens: 1200,
            estimatedCost: '0.42',
          },
        },
      );
      return requestAgentCallApproval.approval.id as string;
    };
    const shell = await call('deployer', 'shell.run', 'Make room for the build', {
      command: 'rm -rf /srv/releases/old && npm run build',
      cwd: '/srv/releases',
      timeout_seconds: 600,
    });
    await call('mailer', 'mail.send', 'Tell the customers', {
      to: 'customers@lists.example.com',
      subject: 'Release 2.1',
    });
    const ask = async (input: Record<string, unknown>) => {
      later();
      return world.ask(input);
    };
    await ask({
      agentName: 'tester',
      type: 'QUALITY_REVIEW',
      message: 'All 3,912 tests pass; may the branch be merged?',
    });
    await ask({
      agentName: 'analyst',
      type: 'RISK_ASSESSMENT',
      urgency: 'CRITICAL',
      message: 'The supplier’s certificate ends tomorrow. Switch to the second supplier now?',
    });
    await ask({
      agentName: 'coder',
      type: 'ERROR_RESOLUTION',
      urgency: 'LOW',
      message: 'The linter finds 3 faults in generated code. Leave them?',
    });
    const claimed = await ask({
      agentName: 'analyst',
      type: 'COMPLIANCE_CHECK',
      message: 'Does the new log keep what the law asks for?',
    });
    await app.ok(
      world.keys.SUPERVISOR,
      'mutation($id: ID!) { claimIntervention(id: $id) { success errors { message } } }',
      { id: claimed },
    );
    return { decision, call: shell };
  }

  test('has no fault that axe finds, light or dark, wide or narrow (11.6)', async () => {
    const { decision, call } = await fill();
    for (const dark of [false, true]) {
      const wide = await station.person({ dark });
      await wide.signIn(station.world.keys.SUPERVISOR, `/inbox?item=${dark ? call : decision}`);
      await wide.page.locator(`[data-panel=${dark ? call : decision}] .answer`).waitFor();
      await wide.page.getByText('7 items wait').waitFor();
      if (dark) {
        await wide.page.getByRole('button', { name: 'Edit and approve' }).click();
        await wide.page
          .getByLabel('Input of the call, as it is to run (JSON)')
          .fill(
            JSON.stringify({ command: 'npm run build', cwd: '/srv/releases', timeout_seconds: 600 }, null, 2),
          );
        await wide.page.locator('.diff-changed').first().waitFor();
      }
      expect(await axeFaults(wide.page)).toEqual([]);
      await draw(wide, dark ? 'edit-and-approve' : 'inbox');

      const narrow = await station.person({ dark, width: 375 });
      await narrow.signIn(station.world.keys.SUPERVISOR, '/inbox');
      await narrow.page.getByText('7 items wait').waitFor();
      expect(await axeFaults(narrow.page)).toEqual([]);
      expect(await narrow.page.evaluate(() => document.documentElement.scrollWidth)).toBe(375);
      await narrow.page.locator(`[data-item=${decision}] a`).click();
      await narrow.page.locator(`[data-panel=${decision}] .answer`).waitFor();
      expect(await axeFaults(narrow.page)).toEqual([]);
      expect(await narrow.page.evaluate(() => document.documentElement.scrollWidth)).toBe(375);
      if (!dark) await draw(narrow, 'phone');
    }
  });
});
