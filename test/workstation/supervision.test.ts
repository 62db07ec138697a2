import type { Page } from 'playwright-core';
import { beforeEach, describe, expect, test } from 'vitest';
import { noBrowser } from './support/browser.ts';
import { expectCleanEveryWay } from './support/every-way.ts';
import { withStation } from './support/station.ts';

const timeout = (seconds: number) => `human_supervision:\n  global:\n    timeout: ${seconds}\n`;

describe.skipIf(noBrowser())("the page of a team's supervision", { timeout: 90_000 }, () => {
  const station = withStation();
  let teamId: string;
  beforeEach(async () => {
    teamId = await station.world.team('Reviewers');
  });

  const set = (yaml: string, key = station.world.keys.ADMIN) =>
    station.app.ok(
      key,
      'mutation($id: ID!, $yaml: String!) { updateSupervision(teamId: $id, yaml: $yaml) { success errors { message } } }',
      { id: teamId, yaml },
    );
  const inForce = async () =>
    (
      await station.app.ok(
        station.world.keys.VIEWER,
        'query($id: ID!) { team(id: $id) { supervision supervisionVersion } }',
        { id: teamId },
      )
    ).team;
  const editor = (page: Page) => page.getByRole('textbox', { name: 'Configuration, in YAML' });
  const write = async (page: Page, text: string) => {
    await editor(page).click();
    await page.keyboard.press('Control+a');
    await page.keyboard.press('Delete');
    await page.keyboard.insertText(text);
  };
  const openDesk = async (key = station.world.keys.ADMIN) => {
    const person = await station.person();
    await person.signIn(key, `/supervision/${teamId}`);
    await editor(person.page).waitFor();
    return person.page;
  };

  test('lists the teams with what they have, and leads to each', async () => {
    await set(timeout(60));
    const { page, signIn } = await station.person();
    await signIn(station.world.keys.VIEWER, '/supervision');
    const item = page.getByRole('listitem').filter({ hasText: 'version 1' });
    await item.waitFor();
    await expectCleanEveryWay(page);
    await item.getByRole('link').click();
    await page.getByRole('heading', { level: 1, name: 'Supervision of Reviewers' }).waitFor();
    await editor(page).waitFor();
    await page.getByText('Only an admin sets').waitFor();
    expect(await page.getByRole('button', { name: 'Look at the changes' }).count()).toBe(0);
    await editor(page).click();
    await page.keyboard.type('x');
    expect(await editor(page).innerText()).toContain('timeout: 60');
    expect(await editor(page).innerText()).not.toContain('x');
  });

  test('completes what is written, tells faults with their place, and sets what was looked at', async () => {
    const page = await openDesk();
    await page.getByText('Nothing was set yet').waitFor();
    await editor(page).click();
    await page.keyboard.type('hum');
    const list = page.getByRole('listbox');
    await list.getByText('human_supervision').waitFor();
    // While it is asked for anew (Control+Space) a click on what is still shown would choose nothing.
    await list.getByRole('option', { name: /human_supervision/ }).click();
    await editor(page).filter({ hasText: 'human_supervision:' }).waitFor();
    await page.keyboard.type('glo');
    await list.getByRole('option', { name: /global/ }).waitFor();
    await expectCleanEveryWay(page);
    await page.keyboard.press('Escape');
    await write(page, 'human_supervision:\n  global:\n    timeout: soon\n');
    const fault = page.getByRole('button', { name: 'Line 3, column 14' });
    await fault.waitFor();
    await page.getByText('must be a whole number from 1 to 31536000').first().waitFor();
    expect(await page.getByRole('button', { name: 'Look at the changes' }).isDisabled()).toBe(true);
    await fault.click();
    expect(await editor(page).evaluate((node) => node.contains(document.activeElement))).toBe(true);
    await expectCleanEveryWay(page);

    await write(page, `${timeout(90)}  audit: {log_all_interactions: true}\n`);
    await page.getByText('One thing that it says is not obeyed.').waitFor();
    await page.getByRole('button', { name: 'Look at the changes' }).click();
    const dialog = page.getByRole('dialog', { name: 'What changes' });
    await dialog.getByRole('row', { name: /global\.timeout not set 90/ }).waitFor();
    await dialog.getByText('+').first().waitFor();
    await expectCleanEveryWay(page);
    await dialog.getByRole('button', { name: 'Set as version 1' }).click();
    await page.getByText('Version 1 is in force.').waitFor();
    await page.getByText('log_all_interactions is not used').first().waitFor();
    expect(await inForce()).toMatchObject({
      supervisionVersion: 1,
      supervision: expect.stringContaining('90'),
    });
    await page.getByText('This is what is in force.').or(page.getByText('not obeyed')).first().waitFor();
  });

  test('is written by hand from the first letter to the last, and the page complains of nothing', async () => {
    const page = await openDesk();
    await editor(page).click();
    await page.keyboard.type('human_supervision:');
    await page.keyboard.press('Enter');
    await page.keyboard.type('global:');
    await page.keyboard.press('Enter');
    await page.keyboard.type('timeou');
    await page
      .getByRole('listbox')
      .getByRole('option', { name: /timeout/ })
      .first()
      .waitFor();
    await page.keyboard.type('t: "soon" # remark');
    expect(await editor(page).evaluate((node) => (node as HTMLElement).innerText)).toBe(
      'human_supervision:\n  global:\n    timeout: "soon" # remark',
    );
    // What a browser does by itself with what it edits: deleting within coloured words, joining lines, over a choice.
    for (let times = 0; times < 12; times += 1) await page.keyboard.press('Backspace');
    await page.keyboard.press('Home');
    await page.keyboard.press('Backspace');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Control+a');
    await page.keyboard.type('x');
    await page.keyboard.press('Control+z');
    await page.keyboard.press('Shift+ArrowUp');
    await page.keyboard.press('Delete');
    await page.keyboard.press('Control+a');
    await page.keyboard.press('Backspace');
    await page.keyboard.type('human_supervision: {global: {timeout: soon}}');
    const mark = page.locator('.cm-lint-marker-error');
    await mark.first().waitFor();
    await mark.first().hover();
    await page.locator('.cm-tooltip-lint').waitFor();
    await page.locator('.cm-lintRange-error').first().hover();
    await expectCleanEveryWay(page);
  });

  test('tries an event on what is being written, before it is set', async () => {
    const page = await openDesk();
    await write(
      page,
      'human_supervision:\n  intervention_types:\n    decision:\n      triggers:\n        - condition: "cost > 1000"\n',
    );
    await page.getByRole('button', { name: 'Try it', exact: true }).click();
    await page.getByText('A person is asked.').waitFor();
    await page.getByText('cost > 1000', { exact: true }).waitFor();
    await expectCleanEveryWay(page);
    await page
      .getByLabel('An event, as JSON')
      .fill('{"agentName": "coder", "type": "tool_call", "metrics": {"cost": 1}}');
    await page.getByRole('button', { name: 'Try it', exact: true }).click();
    await page.getByText('nobody is asked').waitFor();
    await page.getByLabel('An event, as JSON').fill('{"type": 1}');
    await page.getByRole('button', { name: 'Try it', exact: true }).click();
    await page.getByText('agentName must be a text').waitFor();
    expect(await inForce()).toEqual({ supervision: '', supervisionVersion: 0 });
  });

  test('says that somebody else set another version meanwhile, and overwrites nothing unseen', async () => {
    await set(timeout(60));
    const page = await openDesk();
    await write(page, timeout(70));
    await page.getByText('The server finds no fault in it.').waitFor();
    await page.getByRole('button', { name: 'Look at the changes' }).click();
    const dialog = page.getByRole('dialog', { name: 'What changes' });
    await dialog.waitFor();
    await set(timeout(80));
    await dialog.getByRole('button', { name: 'Set as version 2' }).click();
    await dialog.getByText('version 2 is in force, set by ADMIN').waitFor();
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    await page.getByText('Version 2 is in force now; your text was made from version 1.').waitFor();
    expect((await inForce()).supervision).toBe(timeout(80));

    await page.getByRole('button', { name: 'Go on with my text' }).click();
    await page.getByRole('button', { name: 'Look at the changes' }).click();
    await dialog.getByRole('row', { name: /global\.timeout 80 70/ }).waitFor();
    await dialog.getByRole('button', { name: 'Set as version 3' }).click();
    await page.getByText('Version 3 is in force.').waitFor();
    expect((await inForce()).supervision).toBe(timeout(70));
  });

  test('follows what others set while nothing is written, compares versions and brings one back', async () => {
    await set(timeout(60));
    const page = await openDesk();
    await set(timeout(61));
    await editor(page).filter({ hasText: 'timeout: 61' }).waitFor();
    await page.getByText('In force: version 2').waitFor();
    await page.getByRole('button', { name: 'Compare version 1' }).click();
    const differences = page.getByRole('region', { name: 'Differences' });
    await differences.getByText('timeout: 60').waitFor();
    await expectCleanEveryWay(page);
    await page.getByRole('button', { name: 'Put version 1 into the editor' }).click();
    await editor(page).filter({ hasText: 'timeout: 60' }).waitFor();
    await page.getByRole('link', { name: 'All teams' }).click();
    await page
      .getByRole('dialog', { name: 'Leave without saving?' })
      .getByRole('button', { name: 'Stay' })
      .click();
    await editor(page).filter({ hasText: 'timeout: 60' }).waitFor();
    await page.getByRole('link', { name: 'All teams' }).click();
    await page.getByRole('button', { name: 'Leave', exact: true }).click();
    await page.getByRole('heading', { level: 1, name: 'Supervision', exact: true }).waitFor();
  });
});
