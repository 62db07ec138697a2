import { beforeEach, describe, expect, test } from 'vitest';
import { ADMIN_KEY } from '../support/app.ts';
import { makeProject, type TestWorld } from '../support/world.ts';
import { noBrowser } from './support/browser.ts';
import { looksRight, looksRightElsewhere } from './support/look.ts';
import { withStation } from './support/station.ts';

describe.skipIf(noBrowser())('the pages of teams', { timeout: 60_000 }, () => {
  const station = withStation();
  let world: TestWorld;
  let made = 0;
  beforeEach(async () => {
    world = await makeProject(station.app, ADMIN_KEY, `Crew ${made++}`);
  });

  test('list every team with what waits and what runs, live', async () => {
    const { page, signIn } = await station.person();
    await signIn(world.keys.VIEWER, '/teams');
    const row = page.locator(`[data-team=${world.teamId}]`);
    await row.getByText('0 agents').waitFor();
    await world.call();
    const asked = await world.ask({ agentName: 'scribe' });
    await row.locator('[data-figure="Requests waiting"]').getByText('1').waitFor();
    await row.locator('[data-figure="Approvals waiting"]').getByText('1').waitFor();
    await row.locator('[data-figure="Sessions waiting"]').getByText('1').waitFor();
    await looksRight(page);
    await world.approve(asked);
    await row.locator('[data-figure="Requests waiting"]').getByText('0').waitFor();
    const late = await world.team('Late\u200b comers');
    await page.locator(`[data-team=${late}] .mark`).waitFor();
  });

  test('show one team: what waits, its agents, what it is supervised by', async () => {
    const asked = await world.ask({ agentName: 'scribe', message: 'may I sign?', urgency: 'HIGH' });
    const { page, signIn } = await station.person();
    await signIn(world.keys.OPERATOR, `/teams/${world.teamId}`);
    await page.getByText('The team has no configuration of its own').waitFor();
    await page.locator('[data-agent] [data-state=WAITING_FOR_HITL]').waitFor();
    expect(await page.getByRole('link', { name: 'may I sign?' }).getAttribute('href')).toBe(
      `/interventions/${asked}`,
    );
    await station.app.ok(
      world.keys.OPERATOR,
      'mutation($id: ID!) { claimIntervention(id: $id) { success errors { message } } }',
      { id: asked },
    );
    await page.getByText('taken on by OPERATOR').waitFor();
    const call = await world.call();
    await page.locator(`[data-pending=${call}] a[href="/approvals/${call}"]`).waitFor();
    await world.rejectCall(call);
    await page.locator(`[data-pending=${call}]`).waitFor({ state: 'detached' });
    await page.getByText('What its agents are told of it').click();
    await page.locator('details .untrusted').getByText('requestIntervention').first().waitFor();
    await looksRight(page);

    await station.app.ok(
      ADMIN_KEY,
      'mutation($id: ID!, $yaml: String!) { updateSupervision(teamId: $id, yaml: $yaml) { success errors { message } } }',
      { id: world.teamId, yaml: 'human_supervision:\n  global:\n    escalation_enabled: false\n' },
    );
    await page.getByText('The team has a configuration of 3 lines.').waitFor();
    await world.approve(asked);
    await page.getByText('Nothing waits.').waitFor();
    await page.getByRole('link', { name: 'Sessions scribe' }).click();
    await page.getByRole('heading', { level: 1, name: 'Sessions' }).waitFor();
    await page.locator('[data-session]').waitFor();
    await looksRightElsewhere(station, world.keys.VIEWER, `/teams/${world.teamId}`, (narrow) =>
      narrow.getByText('Nothing waits.').waitFor(),
    );
  });

  test('say that their project is stopped', async () => {
    const { page, signIn } = await station.person();
    await signIn(world.keys.VIEWER, `/teams/${world.teamId}`);
    await page.getByText('Nothing waits.').waitFor();
    await station.app.ok(
      world.keys.AGENT,
      'mutation($id: ID!) { triggerEmergencyStop(projectId: $id, reason: "enough") { success errors { message } } }',
      { id: world.id },
    );
    await page.getByRole('link', { name: 'stopped', exact: true }).click();
    await page.getByText('This project is stopped').waitFor();
    await page.getByText('enough').first().waitFor();
  });
});
