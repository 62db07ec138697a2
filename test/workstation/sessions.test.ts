import { describe, expect, test } from 'vitest';
import { noBrowser } from './support/browser.ts';
import { looksRight, looksRightElsewhere } from './support/look.ts';
import { withStation } from './support/station.ts';

const HOSTILE = 'Paid \u202Egnp.exe <img src=x onerror=alert(1)> https://evil.example/ok';

describe.skipIf(noBrowser())('the pages of sessions', { timeout: 60_000 }, () => {
  const station = withStation();
  const turn = (sessionId: string, response: string) =>
    station.app.ok(
      station.world.keys.AGENT,
      'mutation($id: ID!, $response: String!) { appendConversationTurn(sessionId: $id, turn: {agentName: "coder", input: "go on", response: $response}) { success errors { message } } }',
      { id: sessionId, response },
    );

  test('list the sessions, live and as the address filters them', async () => {
    const { app, world } = station;
    const quiet = await world.session({ initialMessage: HOSTILE });
    const { page, signIn } = await station.person();
    await signIn(world.keys.VIEWER, '/sessions');
    await page.locator(`[data-session=${quiet}]`).waitFor();
    expect(await page.locator('img').count()).toBe(0);
    expect(await page.locator(`[data-session=${quiet}] .mark`).first().textContent()).toBe('RLO');
    await looksRight(page);

    const asking = await world.session({ initialMessage: 'write the notes' });
    await page.locator(`[data-session=${asking}]`).waitFor();
    await world.ask({ sessionId: asking, agentName: 'scribe', message: 'may I publish?' });
    await page.locator(`[data-session=${asking}] [data-state=WAITING_FOR_HUMAN]`).waitFor();
    await page.getByRole('link', { name: 'may I publish?' }).waitFor();

    await page.getByLabel('Status').selectOption('WAITING_FOR_HUMAN');
    await page.locator(`[data-session=${quiet}]`).waitFor({ state: 'detached' });
    expect(new URL(page.url()).search).toBe('?status=WAITING_FOR_HUMAN');
    await page.getByLabel('Status').selectOption('');
    await page.locator(`[data-session=${quiet}]`).waitFor();
    await page.getByLabel('Agent who asked').fill('scribe');
    await page.keyboard.press('Enter');
    await page.locator(`[data-session=${quiet}]`).waitFor({ state: 'detached' });
    await page.locator(`[data-session=${asking}]`).waitFor();
    expect(await page.locator('[data-session]').count()).toBe(1);
    const filtered = page.url();

    const other = await station.person();
    await other.signIn(world.keys.VIEWER, filtered.slice(station.wire.url.length));
    await other.page.locator(`[data-session=${asking}]`).waitFor();
    expect(await other.page.locator('[data-session]').count()).toBe(1);

    const { createTeam } = await app.ok(
      'test-admin-key-0123456789',
      'mutation($id: ID!) { createTeam(input: {projectId: $id, name: "Elsewhere"}) { success errors { message } team { id } } }',
      { id: world.id },
    );
    await other.page.goto(`/sessions?team=${createTeam.team.id}`);
    await other.page.getByText('No session is as these filters say.').waitFor();
  });

  test('go through more than a page by cursors', async () => {
    const team = await station.world.team('Many');
    for (let at = 0; at < 51; at++)
      await station.world.session({ teamId: team, initialMessage: `work ${at}` });
    const { page, signIn } = await station.person();
    await signIn(station.world.keys.VIEWER, `/sessions?team=${team}`);
    await page.getByText('51 sessions').waitFor();
    await page.getByRole('button', { name: 'Older' }).click();
    await page.getByRole('link', { name: 'work 0', exact: true }).waitFor();
    expect(await page.locator('[data-session]').count()).toBe(1);
    await page.getByRole('button', { name: 'Newer' }).click();
    await page.getByRole('link', { name: 'work 50', exact: true }).waitFor();
    expect(await page.locator('[data-session]').count()).toBe(50);
  });

  test('show one session whole: what it waits for, what was said, what happened', async () => {
    const { app, world } = station;
    const id = await world.session({
      initialMessage: 'deploy it',
      context: { plan: { steps: ['build', HOSTILE] }, dry: true },
    });
    await turn(id, HOSTILE);
    const { page, signIn } = await station.person();
    await signIn(world.keys.OPERATOR, `/sessions/${id}`);
    await page.getByText('Its agents are working.').waitFor();
    expect(await page.locator('img').count()).toBe(0);
    await page.getByText('Context 2 entries').click();
    await page.getByText('plan 1 entry').click();
    await page.getByText('steps 2 items').click();
    await page.locator('.json-entries .mark').first().waitFor();

    const asked = await world.ask({ sessionId: id, message: 'may I deploy?' });
    await page.locator('[data-state=WAITING_FOR_HUMAN]').first().waitFor();
    await page.getByRole('link', { name: 'Answer what it waits for' }).waitFor();
    await page.getByRole('listitem').filter({ hasText: 'An agent asked' }).waitFor();
    await looksRight(page);
    expect(await page.getByRole('link', { name: 'may I deploy?' }).first().getAttribute('href')).toBe(
      `/interventions/${asked}`,
    );

    await world.approve(asked);
    await page.getByRole('listitem').filter({ hasText: 'It was answered' }).waitFor();
    await page.getByText('Nothing is pending.').waitFor();
    const titles = await page.locator('.timeline strong').allTextContents();
    expect(titles.slice(0, 2)).toEqual(['The session began', 'A turn of the conversation']);
    expect(titles.indexOf('An agent asked')).toBeLessThan(titles.indexOf('It was answered'));
    await app.ok(
      world.keys.AGENT,
      'mutation($id: ID!) { completeSession(sessionId: $id, result: {deployed: true}) { success errors { message } } }',
      { id },
    );
    await page.getByText('It was completed.').waitFor();
    await page.getByText('Result 1 entry').waitFor();
    await page.getByText('nothing can be done with it any more').waitFor();
  });

  test('are for narrow screens and the dark as well', async () => {
    const { world } = station;
    const id = await world.session({ initialMessage: HOSTILE, context: { plan: ['build', HOSTILE] } });
    await turn(id, HOSTILE);
    await world.ask({ sessionId: id, message: `may I? ${'word'.repeat(60)}` });
    for (const path of ['/sessions', `/sessions/${id}`])
      await looksRightElsewhere(station, world.keys.OPERATOR, path, (page) =>
        page.locator('[data-state=WAITING_FOR_HUMAN]').first().waitFor(),
      );
  });

  test('end a session with its reason; a viewer is offered nothing', async () => {
    const { world } = station;
    const asked = await world.ask();
    const { data } = await station.app.graphql(
      world.keys.VIEWER,
      'query($id: ID!) { intervention(id: $id) { sessionId } }',
      { id: asked },
    );
    const path = `/sessions/${data.intervention.sessionId}`;
    const viewer = await station.person();
    await viewer.signIn(world.keys.VIEWER, path);
    await viewer.page.getByText('This takes the role of operator or a higher one.').waitFor();

    const { page, signIn } = await station.person();
    await signIn(world.keys.OPERATOR, path);
    await page.getByRole('button', { name: 'Fail it' }).click();
    const dialog = page.getByRole('dialog', { name: 'Fail this session?' });
    await dialog.getByText('1 request and 0 approvals').waitFor();
    await dialog.getByRole('button', { name: 'Fail it' }).click();
    await dialog.getByText('A reason is needed.').waitFor();
    await looksRight(page);
    await dialog.getByLabel('Reason').fill('the branch is gone');
    await dialog.getByRole('button', { name: 'Fail it' }).click();
    await dialog.waitFor({ state: 'detached' });
    await page.getByText('It failed.').waitFor();
    await viewer.page.getByText('the branch is gone').first().waitFor();
    await viewer.page.getByText('Nothing is pending.').waitFor();
  });

  test('say of a session at work that it waits for approvals too', async () => {
    const { world, app } = station;
    const call = await world.call();
    const { approval } = await app.ok(
      world.keys.VIEWER,
      'query($id: ID!) { approval(id: $id) { ... on AgentCallApproval { sessionId } } }',
      { id: call },
    );
    const { page, signIn } = await station.person();
    await signIn(world.keys.VIEWER, `/sessions/${approval.sessionId}`);
    await page.getByText('Its agents are working. It waits for 1 approval too.').waitFor();
  });

  test('revive a session that nobody answered in time, and say what is wrong with an answer', async () => {
    const { app, world } = station;
    const team = await world.team('Hasty');
    await app.ok(
      'test-admin-key-0123456789',
      'mutation($id: ID!, $yaml: String!) { updateSupervision(teamId: $id, yaml: $yaml) { success errors { message } } }',
      { id: team, yaml: 'human_supervision:\n  global:\n    escalation_enabled: false\n' },
    );
    const sessionId = await world.session({ teamId: team });
    await world.ask({
      sessionId,
      timeout: 1,
      message: 'quick?',
      responseSchema: { type: 'object', required: ['speed'], properties: { speed: { type: 'integer' } } },
    });
    app.clock.advance(5);
    const { page, signIn } = await station.person();
    await signIn(world.keys.OPERATOR, `/sessions/${sessionId}`);
    await page.getByRole('button', { name: 'Revive' }).click();
    const dialog = page.getByRole('dialog', { name: 'Revive this session' });
    await dialog.getByText('quick?').waitFor();
    await dialog.getByLabel('Your answer').fill('go on then');
    await dialog.getByLabel('Answer to its form').fill('{"speed": "high"}');
    await dialog.getByRole('button', { name: 'Revive' }).click();
    await dialog.getByRole('alert').getByText('INVALID_INPUT').waitFor();
    await looksRight(page);
    await dialog.getByLabel('Answer to its form').fill('{"speed": 3}');
    await dialog.getByRole('button', { name: 'Revive' }).click();
    await dialog.waitFor({ state: 'detached' });
    await page.locator('[data-state=ACTIVE]').first().waitFor();
  });
});
