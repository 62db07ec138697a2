import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { looksRight } from './support/look.ts';
import { noBrowser } from './support/browser.ts';
import { withStation } from './support/station.ts';

describe.skipIf(noBrowser())('the inbox where room is scarce', () => {
  const station = withStation();
  const options = [{ id: 'a', label: 'Ship', description: '', value: 'ship' }];
  const callWith = async (command: string): Promise<string> => {
    const { requestAgentCallApproval } = await station.app.ok(
      station.world.keys.AGENT,
      'mutation($input: AgentCallApprovalInput!) { requestAgentCallApproval(input: $input) { success errors { message } approval { id } } }',
      {
        input: {
          sessionId: await station.world.session(),
          agentName: 'market-research-assistant-europe',
          proposedAction: 'shell.run',
          inputData: { command },
        },
      },
    );
    return requestAgentCallApproval.approval.id;
  };
  const rowFaults = (page: Page): Promise<string[]> =>
    page.evaluate(() => {
      const cut = [...document.querySelectorAll('.item-facts, .item-facts > *, .group-head')]
        .filter(({ scrollWidth, clientWidth }) => clientWidth > 0 && scrollWidth > clientWidth + 1)
        .map(({ textContent }) => `cut: ${textContent}`);
      const rows = [...document.querySelectorAll('.virtual li')]
        .map((row) => row.getBoundingClientRect())
        .toSorted((a, b) => a.top - b.top);
      const over = rows.filter((row, at) => at > 0 && rows[at - 1]!.bottom > row.top + 1);
      return [...cut, ...over.map(({ top }) => `over another: at ${top}`)];
    });
  /** Nothing of a row is cut that says what it is, and no row lies on another once they are measured. */
  const expectWholeRows = (page: Page, at: string): Promise<void> =>
    expect.poll(() => rowFaults(page), { message: at, timeout: 40_000 }).toEqual([]);

  test('shows every fact of a row, and tells calls of one action apart by their input', async () => {
    const { world, app } = station;
    world.teamId = await world.team('Payments and settlements, Europe and the Middle East');
    const calls = [await callWith('npm run build'), await callWith('npm run deploy')];
    const asked = await world.ask({ agentName: 'market-research-assistant-europe' });
    await app.ok(
      world.keys.SUPERVISOR,
      'mutation($id: ID!) { escalateIntervention(id: $id, escalation: {reason: "above"}) { success errors { message } } }',
      { id: asked },
    );
    const { page, signIn } = await station.person();
    await signIn(world.keys.OPERATOR, '/inbox');
    await page.locator(`[data-item=${calls[0]}]`).getByText('command: npm run build').waitFor();
    await page.locator(`[data-item=${calls[1]}]`).getByText('command: npm run deploy').waitFor();
    await page.locator(`[data-item=${asked}]`).getByText('level 1').waitFor();
    await expectWholeRows(page, 'beside a panel');
    await page.setViewportSize({ width: 375, height: 800 });
    await expectWholeRows(page, 'on a phone');
    await looksRight(page);
    await page.getByRole('searchbox', { name: 'Search' }).fill('Europe build');
    await page.getByText('1 of 3 shown').waitFor();
    await Promise.all(calls.map((id) => world.rejectCall(id)));
    await world.approve(asked, world.keys.ADMIN);
  });

  test('shows an item in the place of the list, goes on to the next, and leads back', async () => {
    const { world } = station;
    const [first, second, third] = [await world.ask({ options }), await world.ask(), await world.ask()];
    const { page, signIn } = await station.person({ width: 375 });
    await signIn(world.keys.OPERATOR, `/inbox?group=none&order=oldest&item=${first}`);
    await page.locator(`[data-panel=${first}] .answer[data-ready=true]`).waitFor();
    expect(await page.locator('.virtual').count()).toBe(0);
    await looksRight(page);
    await page.getByRole('button', { name: 'Ship' }).click();
    await page.locator(`[data-panel=${second}]`).waitFor();
    await page.locator(`[data-decision=${first}][data-state=done]`).waitFor();
    await page.getByRole('button', { name: 'Back to the inbox' }).click();
    await page.getByText('2 items wait').waitFor();
    await page.locator(`[data-item=${third}] a`).click();
    await page.locator(`[data-panel=${third}]`).waitFor();
    await page.goBack();
    await page.locator(`[data-item=${third}]`).waitFor();
    await Promise.all([second, third].map((id) => world.approve(id)));
  });

  test('leads from an item’s own page to what waits next, and back to the inbox as it was', async () => {
    const { world, app } = station;
    await app.ok(
      world.keys.ADMIN,
      'mutation($id: ID!, $yaml: String!) { updateSupervision(teamId: $id, yaml: $yaml) { success errors { message } } }',
      {
        id: world.teamId,
        yaml: 'human_supervision:\n  intervention_types:\n    decision: { ui_config: { show_budget_info: true } }\n',
      },
    );
    const [asked, call] = [await world.ask(), await world.call()];
    const { page, signIn } = await station.person({ width: 375 });
    await signIn(world.keys.OPERATOR, '/inbox?group=type');
    await page.getByText('2 items wait').waitFor();
    await page.evaluate((id) => window.history.pushState(null, '', `/interventions/${id}`), asked);
    await page.locator(`[data-panel=${asked}] .answer[data-ready=true]`).waitFor();
    const next = page.locator('.next-item').getByRole('link');
    expect(await next.count()).toBe(0);
    await page.keyboard.press('a');
    await page.locator(`[data-panel=${asked}] [data-outcome]`).waitFor();
    await page.getByText('Tokens a day').waitFor();
    // An answered one is no wider than the phone, whatever its team has shown.
    await looksRight(page);
    const main = page.locator('main');
    expect(await main.evaluate(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth)).toBe(0);
    await next.click();
    await page.locator(`[data-panel=${call}]`).waitFor();
    await page.getByRole('link', { name: 'Back to the inbox' }).click();
    await page.getByText('1 item waits').waitFor();
    expect(new URL(page.url()).search).toBe('?group=type');
    await world.rejectCall(call);
  });
});
