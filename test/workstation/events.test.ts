import { readFile } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { eventTypes as known } from '../../src/events/catalog.ts';
import { eventsSearch, filterOf } from '../../src/workstation/pages/events/search.ts';
import { eventTypes } from '../../src/workstation/pages/events/types.ts';
import { cell } from '../../src/workstation/pages/events/write-out.ts';
import { ADMIN_KEY } from '../support/app.ts';
import { makeKey } from '../support/world.ts';
import { noBrowser } from './support/browser.ts';
import { expectCleanEveryWay } from './support/every-way.ts';
import { withStation } from './support/station.ts';

test('every type of the log can be filtered by', () => {
  expect(eventTypes).toEqual(known);
});

test.each([
  ['plain', 'plain'],
  ['=1+1', "'=1+1"],
  ['+1', "'+1"],
  ['-1', "'-1"],
  ['@SUM(A1)', "'@SUM(A1)"],
  ['  =1', "'  =1"],
  ['\t=1', "'\t=1"],
  [' a', '" a"'],
  ['\r=1', `"'\r=1"`],
  ['＝1', "'＝1"],
  ['a "quoted", one\n', '"a ""quoted"", one\n"'],
  ['a;=1', '"a;=1"'],
  ['{"a":"=1"}', '"{""a"":""=1""}"'],
])('a cell of %j is %j', (text, written) => {
  expect(cell(text)).toBe(written);
});

test('an address says what is looked at, and nothing that cannot be asked', () => {
  const search = eventsSearch({
    types: 'team_created,No,task_created,task_created',
    from: 'soon',
    to: '2026-01-02',
  });
  expect(search).toMatchObject({ types: ['team_created', 'task_created'], from: undefined });
  expect(filterOf(search)).toMatchObject({ occurredAt: { from: null, to: '2026-01-02T00:00:00.000Z' } });
  expect(filterOf(eventsSearch({})).occurredAt).toBeNull();
});

describe.skipIf(noBrowser())('the page of events', { timeout: 90_000 }, () => {
  const station = withStation();
  const entries = (page: Page) => page.getByRole('list', { name: 'Events' }).getByRole('listitem');
  const turn = (sessionId: string, input: string) =>
    station.app.ok(
      station.world.keys.AGENT,
      'mutation($id: ID!, $input: String!) { appendConversationTurn(sessionId: $id, turn: {agentName: "coder", input: $input, response: "b"}) { success errors { message } } }',
      { id: sessionId, input },
    );
  const open = async (path: string, key = station.world.keys.VIEWER) => {
    const person = await station.person();
    await person.signIn(key, path);
    await person.page.getByText('Following:').waitFor();
    return person.page;
  };

  test('shows what happens as it happens, waits while it is paused, and leaves nothing out', async () => {
    const sessionId = await station.world.session();
    const page = await open(`/events?session=${sessionId}`);
    await entries(page).filter({ hasText: 'The session began · work of Release' }).waitFor();
    const asked = await station.world.ask({ sessionId, message: 'May I\npublish?' });
    await entries(page)
      .filter({ hasText: 'An agent asked · May I publish? intervention_requested' })
      .waitFor();
    await page.keyboard.press('p');
    await turn(sessionId, 'one');
    await turn(sessionId, 'two');
    await page.getByText('Paused: 2 events came meanwhile.').waitFor();
    expect(await entries(page).filter({ hasText: 'conversation_turn_appended' }).count()).toBe(0);
    await page.getByRole('button', { name: 'Follow' }).click();
    await entries(page).filter({ hasText: 'conversation_turn_appended' }).nth(1).waitFor();

    station.wire.away(true);
    await page.getByText('No connection: what happened').waitFor();
    await turn(sessionId, 'three');
    station.wire.away(false);
    await entries(page).filter({ hasText: 'conversation_turn_appended' }).nth(2).waitFor();
    await turn(sessionId, 'four');
    await entries(page).filter({ hasText: 'conversation_turn_appended' }).nth(3).waitFor();
    expect(await entries(page).filter({ hasText: 'conversation_turn_appended' }).count()).toBe(4);
    await station.world.approve(asked);
    await entries(page)
      .filter({ hasText: /It was answered · May I publish\? · Approve.*OPERATOR · operator/ })
      .waitFor();
    await expectCleanEveryWay(page);
  });

  test('filters by what stands in the address, and reads back to the beginning', async () => {
    const sessionId = await station.world.session();
    for (let n = 0; n < 60; n += 1) await turn(sessionId, `turn ${n}`);
    const page = await open('/events');
    await page.getByLabel('Session').fill(sessionId);
    await page.getByLabel('Types').selectOption('conversation_turn_appended');
    await page.getByRole('button', { name: 'Apply' }).click();
    await page.waitForURL(/types=conversation_turn_appended/);
    await expect.poll(() => entries(page).count(), { timeout: 20_000 }).toBe(50);
    await page.getByRole('button', { name: 'Older events' }).click();
    await page.getByText('No older events match.').waitFor();
    expect(await entries(page).count()).toBe(60);
    await page.reload();
    await expect.poll(() => entries(page).count(), { timeout: 20_000 }).toBe(50);

    await page.getByLabel('Who').fill('nobody of this name');
    await page.getByRole('button', { name: 'Apply' }).click();
    await page.getByText('Nothing in the log matches.').waitFor();
    await page.getByLabel('Who').fill('agent');
    await page.getByRole('button', { name: 'Apply' }).click();
    await entries(page).first().waitFor();
    await page.getByRole('button', { name: 'Without conversation_turn_appended' }).click();
    await page.getByRole('button', { name: 'Apply' }).click();
    await expect.poll(() => page.url()).not.toContain('types=');
    await page.getByRole('link', { name: 'Clear the filters' }).click();
    await expect.poll(() => page.url()).toMatch(/\/events$/);
    await page.getByText('Following:').waitFor();
  });

  test('shows an entry whole, its data as text and its place in the chain', async () => {
    const sessionId = await station.world.session();
    await station.world.ask({ sessionId, agentName: '<img src=x onerror=alert(1)>\u202egpj' });
    const page = await open(`/events?session=${sessionId}&types=intervention_requested`);
    const entry = entries(page).first();
    await entry.locator('summary').click();
    await entry.getByText('<img src=x onerror=alert(1)>').first().waitFor();
    expect(await entry.locator('img').count()).toBe(0);
    await entry
      .getByRole('img', { name: /hidden character RLO/ })
      .first()
      .waitFor();
    expect(await entry.getByText(/^[0-9a-f]{64}$/).count()).toBeGreaterThan(0);
    await expectCleanEveryWay(page);
    await entry.getByRole('link', { name: 'only these' }).first().click();
    await page.waitForURL(/subject=intervention_/);
  });

  test('exports what is filtered, line by line or as a table without formulas', async () => {
    const { secret } = await makeKey(station.app, ADMIN_KEY, 'AGENT', station.world.id, '=1+1,"x"');
    const { createSession } = await station.app.ok(
      secret,
      'mutation($id: ID!) { createSession(input: {teamId: $id, initialMessage: "go"}) { success errors { message } session { id } } }',
      { id: station.world.teamId },
    );
    const sessionId = createSession.session.id;
    for (let n = 0; n < 3; n += 1) await turn(sessionId, `turn ${n}`);
    const page = await open(`/events?session=${sessionId}`);
    await page.locator('summary', { hasText: 'Export' }).click();
    const exported = async (name: string) => {
      const download = page.waitForEvent('download');
      await page.getByRole('button', { name }).click();
      const file = await download;
      await page.getByText('4 events exported.').waitFor();
      return { name: file.suggestedFilename(), text: await readFile(await file.path(), 'utf8') };
    };
    const lines = await exported('JSON lines');
    expect(lines.name).toBe('events.jsonl');
    const read = lines.text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(read.map(({ type }) => type)).toEqual([
      'session_created',
      ...Array(3).fill('conversation_turn_appended'),
    ]);
    expect(read[0]).toMatchObject({ sessionId, actor: { name: '=1+1,"x"' }, hash: expect.any(String) });
    const table = await exported('CSV');
    const rows = table.text.split('\r\n');
    expect(rows).toHaveLength(6);
    expect(rows[0]).toContain('actorName');
    expect(rows[1]).toContain(`"'=1+1,""x"""`);
    await expectCleanEveryWay(page);
  });
});
