import { describe, expect, test } from 'vitest';
import { ADMIN_KEY } from '../support/app.ts';
import { makeKey } from '../support/world.ts';
import { axeFaults } from './support/axe.ts';
import { noBrowser } from './support/browser.ts';
import { withStation } from './support/station.ts';

const pages = [
  ['/inbox', 'Inbox'],
  ['/sessions', 'Sessions'],
  ['/teams', 'Teams'],
  ['/budgets', 'Budgets'],
  ['/emergency', 'Emergency stop'],
  ['/recovery', 'Recovery'],
  ['/events', 'Events'],
  ['/analytics', 'Analytics'],
  ['/supervision', 'Supervision'],
  ['/keys', 'Keys and people'],
] as const;

describe.skipIf(noBrowser())('the workstation in a browser', () => {
  const station = withStation();

  test('signs in with an API key, says what is wrong with another, and signs out', async () => {
    const { page } = await station.person();
    await page.goto('/');
    await page.getByLabel('API key').fill('hp_wrong');
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    expect(await page.getByRole('alert').textContent()).not.toBe('');
    expect(await axeFaults(page)).toEqual([]);

    await page.getByLabel('API key').fill(ADMIN_KEY);
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await page.getByRole('heading', { name: 'Inbox' }).waitFor();
    await page.reload();
    await page.getByRole('heading', { name: 'Inbox' }).waitFor();

    await page.locator('.account summary').click();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByLabel('API key').waitFor();
  });

  test('signs in once by the link that a start prints, and keeps it out of the address', async () => {
    const [first, second] = [await station.person(), await station.person()];
    await first.page.goto(station.app.signInLink!);
    await first.page.locator('[data-connection=live]').waitFor();
    expect(new URL(first.page.url()).hash).toBe('');
    await second.page.goto(station.app.signInLink!);
    await second.page.getByText('This link was used before').waitFor();
    expect(await axeFaults(second.page)).toEqual([]);
  });

  test.each(['light', 'dark'] as const)(
    'has every page, none with a fault that axe finds (%s)',
    async (scheme) => {
      const { page, signIn } = await station.person({ dark: scheme === 'dark' });
      await signIn(ADMIN_KEY);
      for (const [path, title] of pages) {
        await page.goto(path);
        await page.getByRole('heading', { level: 1, name: title }).waitFor();
        await page.locator('[data-connection=live]').waitFor();
        expect(await page.title()).toBe(`${title} · Holdpoint`);
        expect(await axeFaults(page)).toEqual([]);
      }
    },
  );

  test('fits a narrow screen, the pages behind a button', async () => {
    const { page, signIn } = await station.person({ width: 375 });
    await signIn(ADMIN_KEY);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(375);
    await page.getByRole('button', { name: 'Menu' }).click();
    await page.getByRole('link', { name: 'Budgets' }).click();
    await page.getByRole('heading', { level: 1, name: 'Budgets' }).waitFor();
    expect(await page.getByRole('link', { name: 'Budgets' }).isVisible()).toBe(false);
  });

  test('is gone about by keys, and lists them', async () => {
    const { page, signIn } = await station.person();
    await signIn(ADMIN_KEY);
    await page.keyboard.press('g');
    await page.keyboard.press('e');
    await page.getByRole('heading', { level: 1, name: 'Events' }).waitFor();
    await page.keyboard.press('?');
    const help = page.getByRole('dialog', { name: 'Keyboard' });
    await help.waitFor();
    expect(await help.evaluate(({ scrollHeight, clientHeight }) => scrollHeight <= clientHeight)).toBe(true);
    expect(await axeFaults(page)).toEqual([]);
    await page.getByLabel('Single keys are on').uncheck();
    await page.keyboard.press('Escape');
    await page.keyboard.press('g');
    await page.keyboard.press('i');
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe('Events');
  });

  test('says that there is nothing at an address of no page', async () => {
    const { page, signIn } = await station.person();
    await signIn(ADMIN_KEY);
    const answer = await page.goto('/nowhere');
    expect(answer?.status()).toBe(404);
    await page.getByRole('heading', { level: 1, name: 'Nothing here' }).waitFor();
    await page.getByRole('link', { name: 'Inbox' }).click();
    await page.getByRole('heading', { level: 1, name: 'Inbox' }).waitFor();
  });

  test('says whose the colours are where a team has chosen them, and lets people choose', async () => {
    const { page, signIn } = await station.person();
    await station.app.ok(
      station.world.keys.ADMIN,
      'mutation($id: ID!, $yaml: String!) { updateSupervision(teamId: $id, yaml: $yaml) { success errors { message } } }',
      {
        id: station.world.teamId,
        yaml: 'human_supervision:\n  workstation:\n    ui_customization: {theme: night_dark}\n',
      },
    );
    await signIn(station.world.keys.VIEWER);
    await page.locator('html[data-scheme=dark]').waitFor({ state: 'attached' });
    await page.locator('.account summary').click();
    const menu = page.getByRole('combobox', { name: 'Colours' });
    await menu
      .getByRole('option', { name: 'As a team’s configuration says: dark' })
      .waitFor({ state: 'attached' });
    await menu.selectOption('light');
    await page.locator('html[data-scheme=light]').waitFor({ state: 'attached' });
  });

  test('says that the connection is lost, and comes back by itself', async () => {
    const { page, signIn } = await station.person();
    await signIn(ADMIN_KEY);
    station.wire.away(true);
    await page.locator('[data-connection=lost]').waitFor();
    await page.getByText('What you see may be out of date').waitFor();
    station.wire.away(false);
    await page.locator('[data-connection=live]').waitFor();
  });

  test('shows nobody what was decided by whoever was in before them in the same tab', async () => {
    const { world, app } = station;
    const { page, signIn } = await station.person();
    const ada = await makeKey(app, ADMIN_KEY, 'OPERATOR', world.id, 'Ada');
    const decide = async () => {
      const id = await world.ask();
      // By the tab's own navigation: a page that was loaded anew would have forgotten anyway.
      await page.locator(`[data-item=${id}] a`).click();
      await page.locator(`[data-panel=${id}] .answer[data-ready=true]`).waitFor();
      await page.keyboard.press('a');
      await page.locator(`[data-decision=${id}][data-state=done]`).waitFor();
    };
    const comesIn = async (key: string) => {
      await page.getByLabel('API key').fill(key);
      await page.getByRole('button', { name: 'Sign in', exact: true }).click();
      await page.getByText('Nothing waits for a decision.').waitFor();
      expect(await page.locator('[data-decision]').count()).toBe(0);
    };
    await signIn(ada.secret, '/inbox');
    await page.evaluate(() => Object.assign(window, { sameTab: true }));
    await decide();
    await page.locator('.account summary').click();
    await page.getByRole('button', { name: 'Sign out' }).click();
    // Not even to the same person, who said that they were done.
    await comesIn(ada.secret);
    await decide();
    // Put out rather than gone.
    await app.ok(ADMIN_KEY, 'mutation($id: ID!) { revokeApiKey(id: $id) { success } }', { id: ada.id });
    await page.getByText('You were signed out').waitFor();
    await comesIn(world.keys.SUPERVISOR);
    expect(await page.evaluate(() => 'sameTab' in window)).toBe(true);
  });

  test('signs out whoever is no longer let in, and says so', async () => {
    const { page, signIn } = await station.person();
    const { createApiKey } = await station.app.ok(
      ADMIN_KEY,
      'mutation { createApiKey(input: {name: "passing", role: VIEWER}) { success errors { message } secret apiKey { id } } }',
    );
    await signIn(createApiKey.secret);
    await station.app.ok(
      ADMIN_KEY,
      'mutation($id: ID!) { revokeApiKey(id: $id) { success errors { message } } }',
      { id: createApiKey.apiKey.id },
    );
    await page.getByText('You were signed out').waitFor();
  });
});
