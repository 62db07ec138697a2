import { describe, expect, test } from 'vitest';
import { ADMIN_KEY } from '../support/app.ts';
import { makeKey } from '../support/world.ts';
import { noBrowser } from './support/browser.ts';
import { expectCleanEveryWay } from './support/every-way.ts';
import { withStation } from './support/station.ts';

describe.skipIf(noBrowser())('the pages of keys and people, and of a project', { timeout: 90_000 }, () => {
  const station = withStation();

  test('a key is made, its secret shown once, and revoked in two steps', async () => {
    const { page, context, signIn } = await station.person();
    await context.grantPermissions(['clipboard-read', 'clipboard-write']);
    await signIn(station.world.keys.ADMIN, '/keys');
    await page
      .getByRole('row', { name: /^OPERATOR/ })
      .first()
      .waitFor();
    await expectCleanEveryWay(page);
    await page.getByRole('button', { name: 'Make a key' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: 'Make it' }).click();
    await dialog.getByText('Give it a name.').waitFor();
    await dialog.getByLabel('Name').fill('night shift');
    await dialog.getByLabel('Role').selectOption('OPERATOR');
    // Whoever is bound to a project makes keys of that one alone.
    expect(await dialog.getByLabel('Project').locator('option').allTextContents()).toEqual(['Release']);
    await expectCleanEveryWay(page);
    await dialog.getByRole('button', { name: 'Make it' }).click();
    const secret = await dialog.getByLabel('Secret').inputValue();
    expect(secret).toMatch(/^hp_/);
    await expectCleanEveryWay(page);
    await dialog.getByRole('button', { name: 'Copy' }).click();
    await dialog.getByRole('button', { name: 'Copied' }).waitFor();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(secret);
    // Only its own button takes it away: not Escape, however often, nor a click beside it.
    for (let times = 0; times < 3; times += 1) await page.keyboard.press('Escape');
    await page.mouse.click(5, 5);
    await page.keyboard.press('Escape');
    expect(await dialog.getByLabel('Secret').inputValue()).toBe(secret);
    expect(await dialog.getByRole('button', { name: 'Close' }).count()).toBe(0);
    const viewer = await station.app.ok(secret, '{ viewer { actor { name } roles } }');
    expect(viewer.viewer.actor.name).toBe('night shift');
    await dialog.getByRole('button', { name: 'I have kept it' }).click();
    const row = page.getByRole('region', { name: 'API keys' }).getByRole('row', { name: /^night shift/ });
    await row.waitFor();
    expect(await page.content()).not.toContain(secret);
    await page
      .getByRole('region', { name: 'People' })
      .getByRole('row', { name: /^night shift Operator/ })
      .waitFor();

    await row.getByRole('button', { name: 'Revoke night shift' }).click();
    await dialog.getByText('This cannot be undone.').waitFor();
    await expectCleanEveryWay(page);
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    expect((await station.app.graphql(secret, '{ viewer { roles } }')).errors).toBeUndefined();
    await row.getByRole('button', { name: 'Revoke night shift' }).click();
    await dialog.getByRole('button', { name: 'Revoke it for good' }).click();
    await row.waitFor({ state: 'detached' });
    expect((await station.app.graphql(secret, '{ viewer { roles } }')).errors?.[0]?.extensions.code).toBe(
      'UNAUTHENTICATED',
    );
    await page.getByLabel('Show those that were revoked').check();
    await page.getByRole('row', { name: /^night shift .* revoked/ }).waitFor();
  });

  test('what is refused is told in the server’s words, and a key of every project is an ADMIN’s of every project to make', async () => {
    const { page, signIn } = await station.person();
    await signIn(ADMIN_KEY, '/keys');
    await page.getByRole('button', { name: 'Make a key' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Name').fill('late');
    await dialog.getByLabel('Expires').fill('2020-01-01T00:00');
    await dialog.getByRole('button', { name: 'Make it' }).click();
    await dialog.getByRole('alert').getByText('expiresAt').waitFor();
    await dialog.getByLabel('Expires').fill('');
    await dialog.getByLabel('Project').selectOption({ label: 'every project' });
    await dialog.getByRole('button', { name: 'Make it' }).click();
    await dialog.getByLabel('Secret').waitFor();
  });

  test('a Slack user is linked to a key, and unlinked', async () => {
    const made = await makeKey(station.app, ADMIN_KEY, 'OPERATOR', station.world.id, 'clicker');
    const { page, signIn } = await station.person();
    await signIn(station.world.keys.ADMIN, '/keys');
    await page.getByRole('button', { name: 'Link a Slack user' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Workspace').fill('T0123456789');
    await dialog.getByLabel('Slack user').fill('U0123456789');
    await dialog.getByLabel('Key').selectOption(made.id);
    await dialog.getByRole('button', { name: 'Link them' }).click();
    const row = page.getByRole('row', { name: /^U0123456789 T0123456789/ });
    await row.waitFor();
    await expectCleanEveryWay(page);
    await row.getByRole('button', { name: 'Unlink U0123456789' }).click();
    await dialog.getByRole('button', { name: 'Unlink them' }).click();
    await page.getByText('Nobody is linked.').waitFor();
  });

  test('who may not manage keys sees who they are, and is not offered any', async () => {
    const { page, signIn } = await station.person();
    await signIn(station.world.keys.MANAGER, '/keys');
    await page.getByText('Only an admin sees and makes keys').waitFor();
    await page.getByText('Viewer, Operator, Supervisor, Manager').waitFor();
    expect(await page.getByRole('button', { name: 'Make a key' }).count()).toBe(0);
    await expectCleanEveryWay(page);
  });

  test('a project shows what it holds, and that it was stopped', async () => {
    const { world } = station;
    const { page, signIn } = await station.person();
    await signIn(world.keys.VIEWER, `/projects/${world.id}`);
    await page.getByRole('heading', { level: 1, name: 'Release' }).waitFor();
    await page.getByRole('link', { name: "Release's team" }).waitFor();
    await page.getByRole('row', { name: /^Dollars today \$0\.00 \$0\.00/ }).waitFor();
    await world.ask();
    await page.getByText('1 request and 0 approvals pending').waitFor();
    await expectCleanEveryWay(page);
    await station.app.ok(
      world.keys.OPERATOR,
      'mutation($id: ID!) { triggerEmergencyStop(projectId: $id, reason: "smoke") { success errors { message } } }',
      { id: world.id },
    );
    await page.getByText('smoke').waitFor();
    await expectCleanEveryWay(page);
    await page.getByRole('link', { name: 'Its events' }).click();
    await page.waitForURL(/\/events\?project=project_/);
    await page.goto('/projects/project_00000000000000000000000000');
    await page.getByText('There is no such project').waitFor();
  });
});
