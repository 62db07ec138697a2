import { beforeEach, describe, expect, test } from 'vitest';
import { ADMIN_KEY } from '../support/app.ts';
import { makeProject, type TestWorld } from '../support/world.ts';
import { noBrowser } from './support/browser.ts';
import { looksRight, looksRightElsewhere } from './support/look.ts';
import { withStation } from './support/station.ts';

describe.skipIf(noBrowser())('the pages of budgets', { timeout: 60_000 }, () => {
  const station = withStation();
  let world: TestWorld;
  let made = 0;
  beforeEach(async () => {
    world = await makeProject(station.app, ADMIN_KEY, `Fund ${made++}`);
  });

  async function spend(cost: string, tokens: number): Promise<void> {
    const { reserveBudget } = await station.app.ok(
      world.keys.AGENT,
      'mutation($id: ID!, $cost: Decimal!, $tokens: Int!) { reserveBudget(input: {projectId: $id, cost: $cost, tokens: $tokens}) { success errors { message } reservation { id } } }',
      { id: world.id, cost, tokens },
    );
    await station.app.ok(
      world.keys.AGENT,
      'mutation($id: ID!, $cost: Decimal!, $tokens: Int!) { commitBudget(reservationId: $id, cost: $cost, tokens: $tokens) { success errors { message } } }',
      { id: reserveBudget.reservation.id, cost, tokens },
    );
  }

  test('show each line exactly and live, its curve, and the same as a table', async () => {
    await spend('0.1000', 100);
    await spend('0.2000', 200);
    const { page, signIn } = await station.person();
    await signIn(world.keys.VIEWER, '/budgets');
    const row = page.locator(`[data-project=${world.id}]`);
    await row.getByText('$99.70 of $100.00 left').waitFor();
    await looksRight(page);
    await row.getByRole('link').first().click();
    const day = page.locator('section[data-line=COST_DAILY]');
    await day.locator('[data-fact=used]').getByText('$0.30', { exact: true }).waitFor();
    await day.getByText('As a table').click();
    await day.getByRole('row', { name: /\$0\.10 \$0\.10 \$99\.90/ }).waitFor();
    await day.getByRole('row', { name: /\$0\.20 \$0\.30 \$99\.70/ }).waitFor();
    await looksRight(page);

    await spend('79.8000', 5);
    await day.locator('[data-fact=remaining]').getByText('$19.90', { exact: true }).waitFor();
    await day.getByRole('row', { name: /\$79\.80 \$80\.10 \$19\.90/ }).waitFor();
    await page.getByText('Dollars a day: warning. $80.10 used, the level is at $80.00.').waitFor();
    const tokens = page.locator('section[data-line=TOKEN_MONTHLY]');
    expect(await tokens.locator('[data-fact=remaining]').textContent()).toBe('1,999,695');
    await looksRightElsewhere(station, world.keys.VIEWER, `/budgets/${world.id}`, (narrow) =>
      narrow.locator('svg[role=img]').first().waitFor(),
    );
  });

  test('count what is held as they count what was used, in the chart, its words and its forecast', async () => {
    await spend('10.0000', 100);
    await station.app.ok(
      world.keys.AGENT,
      'mutation($id: ID!) { reserveBudget(input: {projectId: $id, cost: "86.5000", tokens: 7}) { success } }',
      { id: world.id },
    );
    const { page, signIn } = await station.person();
    await signIn(world.keys.VIEWER, `/budgets/${world.id}`);
    const day = page.locator('section[data-line=COST_DAILY]');
    await day.locator('[data-fact=remaining]').getByText('$3.50', { exact: true }).waitFor();
    await day.getByRole('img', { name: /^Dollars a day: \$3\.50 left\./ }).waitFor();
    expect(await day.locator('.burn-down-scale span').allTextContents()).toEqual([
      '$100.00',
      '$50.00',
      '$0.00',
    ]);
    await day.getByText('As a table').click();
    await day.getByRole('row', { name: /Held now \$86\.50 \$10\.00 \$3\.50 left/ }).waitFor();
    // Nothing was used beyond a tenth: what is held makes no alert, and the page says what does.
    await page.getByText('What was used has reached no level.').waitFor();
    await page.getByText('They go by what was used, not by what is held').waitFor();
    await looksRight(page);
  });

  test('draw each amount once, also what was spent while there was no connection', async () => {
    await spend('1.0000', 1);
    const { page, signIn } = await station.person();
    await signIn(world.keys.VIEWER, `/budgets/${world.id}`);
    const day = page.locator('section[data-line=COST_DAILY]');
    await day.getByText('As a table').click();
    await day.getByRole('row', { name: /\$1\.00 \$1\.00/ }).waitFor();
    // Where the page could not be read again, what it shows stays, also while it is read once more.
    await page.route('**/graphql', (route) =>
      route.request().postData()?.includes('BudgetPage') ? route.abort() : route.continue(),
    );
    await spend('2.0000', 1);
    await page.getByText('This could not be read again').waitFor();
    await day.getByRole('row', { name: /\$2\.00 \$3\.00/ }).waitFor();
    await page.unroute('**/graphql');
    station.wire.away(true);
    await page.locator('[data-connection=lost]').waitFor();
    await spend('4.0000', 1);
    station.wire.away(false);
    await day.getByRole('row', { name: /\$4\.00 \$7\.00/ }).waitFor();
    await day.locator('[data-fact=used]').getByText('$7.00', { exact: true }).waitFor();
    await spend('8.0000', 1);
    await day.getByRole('row', { name: /\$8\.00 \$15\.00/ }).waitFor();
    expect(await day.locator('tbody tr').count()).toBe(4);
  });

  test('ask for more, which is decided elsewhere and shown here', async () => {
    const { page, signIn } = await station.person();
    await signIn(world.keys.OPERATOR, `/budgets/${world.id}`);
    await page.getByText('Nobody has asked for more.').waitFor();
    await page.getByRole('button', { name: 'Ask for more …' }).click();
    const dialog = page.getByRole('dialog', { name: 'Ask for more budget' });
    await dialog.getByLabel('Dollars', { exact: true }).fill('-1');
    await dialog.getByLabel('Why').fill('<b>the release</b> is late');
    await looksRight(page);
    await dialog.getByRole('button', { name: 'Ask' }).click();
    await dialog.getByRole('alert').waitFor();
    await dialog.getByLabel('Dollars', { exact: true }).fill('12.5');
    // Its answer is lost: it is asked again under its key, and is asked for once.
    station.wire.swallow('AskForBudget', 1);
    await dialog.getByRole('button', { name: 'Ask' }).click();
    await dialog.waitFor({ state: 'detached' });
    await page.getByRole('link', { name: '$12.50 more: dollars a day' }).waitFor();
    await page.getByText('<b>the release</b> is late').waitFor();
    expect(await page.locator('[data-override]').count()).toBe(1);
    const id = await page.locator('[data-override]').getAttribute('data-override');
    await station.app.ok(
      ADMIN_KEY,
      'mutation($id: ID!) { respondToApproval(id: $id, response: {verdict: APPROVE}) { success errors { message } } }',
      { id },
    );
    const day = page.locator('section[data-line=COST_DAILY]');
    await day.locator('[data-fact=overridden]').getByText('$12.50', { exact: true }).waitFor();
    await day.locator('[data-fact=remaining]').getByText('$112.50', { exact: true }).waitFor();
    await page.locator('[data-override] [data-state=APPROVED]').waitFor();
  });

  test('let a manager change the limits, and nobody below', async () => {
    const viewer = await station.person();
    await viewer.signIn(world.keys.SUPERVISOR, `/budgets/${world.id}`);
    await viewer.page.getByText('This takes the role of manager or a higher one.').waitFor();
    expect(await viewer.page.getByRole('button', { name: 'Change the limits …' }).count()).toBe(0);

    const { page, signIn } = await station.person();
    await signIn(world.keys.MANAGER, `/budgets/${world.id}`);
    await page.getByRole('button', { name: 'Change the limits …' }).click();
    const dialog = page.getByRole('dialog', { name: 'Change the limits' });
    await dialog.getByRole('button', { name: 'Set the limits' }).click();
    await dialog.getByText('Nothing is different').waitFor();
    await dialog.getByLabel('Tokens a day').fill('1.5');
    await dialog.getByRole('button', { name: 'Set the limits' }).click();
    await dialog.getByText('Tokens are whole numbers').waitFor();
    await dialog.getByLabel('Dollars a day').fill('-1');
    await dialog.getByRole('button', { name: 'Set the limits' }).click();
    await dialog.getByText('Dollars are an amount like 12.50').waitFor();
    expect(await dialog.getByLabel('Dollars a day').getAttribute('aria-invalid')).toBe('true');
    await looksRight(page);
    await dialog.getByLabel('Dollars a day').fill('100');
    await dialog.getByLabel('Tokens a day').fill('5000');
    await dialog.getByLabel('Time zone').fill('Mars/Olympus');
    await dialog.getByRole('button', { name: 'Set the limits' }).click();
    await dialog.getByRole('alert').getByText('That is no time zone.').waitFor();
    expect(await dialog.getByText('INVALID_INPUT').count()).toBe(0);
    await dialog.getByLabel('Time zone').fill('Europe/Berlin');
    await dialog.getByRole('button', { name: 'Set the limits' }).click();
    await dialog.waitFor({ state: 'detached' });
    await viewer.page
      .locator('section[data-line=TOKEN_DAILY] [data-fact=limit]')
      .getByText('5,000', { exact: true })
      .waitFor();
  });
});
