import { describe, expect, test } from 'vitest';
import { countEvents } from '../support/events-of.ts';
import { axeFaults } from './support/axe.ts';
import { noBrowser, type Person } from './support/browser.ts';
import { withStation } from './support/station.ts';

describe.skipIf(noBrowser())('the inbox', () => {
  const station = withStation();

  const resolved = async (id: string) =>
    (
      await station.app.ok(
        station.world.keys.OPERATOR,
        'query($id: ID!) { intervention(id: $id) { status resolution humanResponse { content reasoning answer modifications respondedBy { name } } } }',
        { id },
      )
    ).intervention;
  const eventsOf = (subjectId: string, type: string): Promise<number> =>
    countEvents(station.app.database.prisma, { subjectId, type });
  const key = (role: 'OPERATOR' | 'SUPERVISOR' | 'ADMIN') => station.world.keys[role];
  const open = async ({ page }: Person, id: string) => {
    await page.goto(`/inbox?item=${id}`);
    await page.locator(`[data-panel=${id}]`).waitFor();
  };
  const decided = ({ page }: Person, id: string, state = 'done') =>
    page.locator(`[data-decision=${id}][data-state=${state}]`).first().waitFor();

  test('tells of a request as it comes, and of its answer to whoever gave it', async () => {
    const { world } = station;
    const { page, signIn } = await station.person();
    await signIn(key('OPERATOR'), '/inbox');
    await page.getByText('Nothing waits for a decision.').waitFor();
    const id = await world.ask({ message: 'May I publish the notes?' });
    await page.locator(`[data-item=${id}]`).waitFor();
    await page.keyboard.press('j');
    await page.getByRole('button', { name: 'Approve' }).waitFor();
    await page.keyboard.press('a');
    await page.locator(`[data-decision=${id}][data-state=done]`).waitFor();
    await page.getByText('Nothing waits for a decision.').waitFor();
    expect(await resolved(id)).toMatchObject({ status: 'RESOLVED', resolution: 'APPROVED' });
  });

  test('lets one of two who answer at once win, and tells the other who it was and what (11.1)', async () => {
    const id = await station.world.ask();
    const [ada, ben] = await Promise.all([station.person(), station.person()]);
    await ada.signIn(key('OPERATOR'));
    await ben.signIn(key('SUPERVISOR'));
    await Promise.all([open(ada, id), open(ben, id)]);
    await Promise.all([ada.page.keyboard.press('a'), ben.page.keyboard.press('r')]);
    const { resolution } = await (async () => {
      await Promise.all(
        [ada, ben].map(({ page }) =>
          page.locator(`[data-decision=${id}]:is([data-state=done], [data-state=late])`).waitFor(),
        ),
      );
      return resolved(id);
    })();
    const [winner, loser, words] =
      resolution === 'APPROVED'
        ? [ada, ben, 'OPERATOR decided this before you: approved.']
        : [ben, ada, 'SUPERVISOR decided this before you: rejected.'];
    await decided(winner, id);
    await decided(loser, id, 'late');
    await loser.page.getByText(words).first().waitFor();
    expect(await eventsOf(id, 'intervention_resolved')).toBe(1);
  });

  test('stays on what somebody else decided, so that no key meets what came after it (11.5)', async () => {
    const [first, second] = [await station.world.ask(), await station.world.ask()];
    const ada = await station.person();
    await ada.signIn(key('OPERATOR'));
    await open(ada, first);
    await station.world.approve(first, key('SUPERVISOR'));
    await ada.page.locator(`[data-panel=${first}] [data-outcome]`).waitFor();
    await ada.page.getByText('SUPERVISOR', { exact: false }).first().waitFor();
    await ada.page.keyboard.press('a');
    expect(await resolved(second)).toMatchObject({ status: 'PENDING' });
    await station.world.approve(second);
  });

  test('takes what somebody goes on typing for no key, once what they typed into is gone (11.5)', async () => {
    const [first, second] = [await station.world.ask(), await station.world.ask()];
    const { page, signIn } = await station.person();
    await signIn(key('OPERATOR'), `/inbox?item=${first}`);
    await page.locator(`[data-panel=${first}] .answer`).waitFor();
    await page.keyboard.press('e');
    await page.getByLabel('Reason').fill('because the');
    await page.keyboard.type(' e');
    await station.world.approve(first, key('SUPERVISOR'));
    await page.locator(`[data-panel=${first}] [data-outcome]`).waitFor();
    await page.keyboard.type('jca ja');
    await page.getByText('Single keys do nothing until you press Escape or click.').waitFor();
    const { intervention } = await station.app.ok(
      key('OPERATOR'),
      'query($id: ID!) { intervention(id: $id) { status claimedBy { id } } }',
      { id: second },
    );
    expect(intervention).toEqual({ status: 'PENDING', claimedBy: null });
    await page.keyboard.press('Escape');
    await page.keyboard.press('j');
    await page.locator(`[data-panel=${second}] .answer`).waitFor();
    await page.keyboard.press('a');
    await page.locator(`[data-decision=${second}][data-state=done]`).waitFor();
  });

  test('keeps what was written where it is turned down, and goes on once it is taken', async () => {
    const { world } = station;
    const responseSchema = { type: 'object', properties: { phone: { type: 'string', pattern: '^[0-9]+$' } } };
    const [form, next] = [await world.ask({ responseSchema }), await world.ask()];
    const { page, signIn } = await station.person();
    await signIn(key('OPERATOR'), `/inbox?item=${form}`);
    const panel = page.locator(`[data-panel=${form}]`);
    await panel.getByLabel('phone').fill('abc');
    await panel.getByRole('button', { name: 'Send the form as the answer' }).click();
    await page.keyboard.type('as they said');
    await page.keyboard.press('Control+Enter');
    await panel.getByRole('alert').getByText('pattern').waitFor();
    expect(await panel.locator('form textarea').first().inputValue()).toBe('as they said');
    expect(await panel.getByLabel('phone').inputValue()).toBe('abc');
    // It stays also where somebody looks at another one meanwhile.
    await page.locator(`[data-item=${next}] a`).click();
    await page.locator(`[data-panel=${next}] .answer`).waitFor();
    await page.locator(`[data-item=${form}] a`).click();
    expect(await panel.getByLabel('phone').inputValue()).toBe('abc');
    await panel.getByLabel('phone').fill('123');
    await panel.getByRole('button', { name: 'Send the form as the answer' }).click();
    expect(await panel.locator('form textarea').first().inputValue()).toBe('as they said');
    await page.keyboard.press('Control+Enter');
    await page.locator(`[data-panel=${next}] .answer`).waitFor();
    expect((await resolved(form)).humanResponse.answer).toEqual({ phone: '123' });
    await world.approve(next);
  });

  test('goes on from what was written also where its event is here before the answer', async () => {
    const [first, second] = [await station.world.ask(), await station.world.ask()];
    const { page, signIn } = await station.person();
    await signIn(key('OPERATOR'), `/inbox?group=none&order=oldest&item=${first}`);
    const panel = page.locator(`[data-panel=${first}]`);
    await panel.locator('.answer').waitFor();
    await page.route('**/graphql', async (route) => {
      if (!route.request().postData()?.includes('resolveIntervention')) return route.continue();
      const response = await route.fetch();
      await panel.locator('[data-outcome]').waitFor();
      await route.fulfill({ response });
    });
    await page.keyboard.press('m');
    await page.keyboard.type('smaller steps');
    await page.keyboard.press('Control+Enter');
    await page.locator(`[data-panel=${second}] .answer[data-ready=true]`).waitFor();
    expect(await resolved(first)).toMatchObject({ resolution: 'MODIFIED' });
    await station.world.approve(second);
  });

  test('asks before a page is left that has something unsent, and not afterwards', async () => {
    const [first, second] = [await station.world.ask(), await station.world.ask()];
    const { page, signIn } = await station.person();
    const asked: string[] = [];
    page.on('dialog', (dialog) => {
      asked.push(dialog.type());
      void dialog.dismiss();
    });
    const leaves = async (): Promise<boolean> => {
      const before = asked.length;
      // Dismissed, the page stays, and its reload never ends.
      await page.reload({ timeout: 5_000 }).catch(() => {});
      return asked.length === before;
    };
    await signIn(key('OPERATOR'), `/inbox?item=${first}`);
    await page.locator(`[data-panel=${first}] .answer`).waitFor();
    await page.keyboard.press('e');
    await page.keyboard.type('half a reason');
    expect(await leaves()).toBe(false);
    await page.keyboard.press('Control+Enter');
    await page.locator(`[data-decision=${first}][data-state=done]`).waitFor();
    expect(await leaves()).toBe(true);
    await page.locator(`[data-item=${second}] a`).click();
    await page.locator(`[data-panel=${second}] .answer`).waitFor();
    station.wire.away(true);
    await page.keyboard.press('a');
    await page.locator(`[data-decision=${second}][data-state=waiting]`).waitFor();
    expect(await leaves()).toBe(false);
    station.wire.away(false);
    await page.locator(`[data-decision=${second}][data-state=done]`).waitFor();
    await station.world.approve(first, key('ADMIN'));
  });

  test('shows a claim to everybody, and whose it is to whom it stops', async () => {
    const id = await station.world.ask();
    const [ada, ben] = await Promise.all([station.person(), station.person()]);
    await ada.signIn(key('OPERATOR'));
    const { createApiKey } = await station.app.ok(
      key('ADMIN'),
      'mutation($id: ID!) { createApiKey(input: {name: "Ben", role: OPERATOR, projectId: $id}) { success errors { message } secret } }',
      { id: station.world.id },
    );
    await ben.signIn(createApiKey.secret);
    await Promise.all([open(ada, id), open(ben, id)]);
    await ada.page.keyboard.press('c');
    await ben.page.locator(`[data-item=${id}]`).getByText('claimed by OPERATOR').waitFor();
    await ben.page.keyboard.press('a');
    await decided(ben, id, 'refused');
    await ben.page.locator(`[data-decision=${id}]`).getByText('OPERATOR').waitFor();
    await ada.page.keyboard.press('a');
    await ada.page.locator(`[data-decision=${id}][data-state=done]`, { hasText: 'Approve' }).waitFor();
  });

  test('decides once where the answer was lost on its way (11.1)', async () => {
    const id = await station.world.ask();
    const ada = await station.person();
    await ada.signIn(key('OPERATOR'));
    await open(ada, id);
    // More often than a browser sends by itself what was lost on a connection that it had open.
    station.wire.swallow('resolveIntervention', 8);
    await ada.page.keyboard.press('a');
    await decided(ada, id);
    expect(await eventsOf(id, 'intervention_resolved')).toBe(1);
  });

  test('keeps a decision that was made while the server was away, and says so meanwhile', async () => {
    const id = await station.world.ask();
    const ada = await station.person();
    await ada.signIn(key('OPERATOR'));
    await open(ada, id);
    station.wire.away(true);
    await ada.page.keyboard.press('a');
    await decided(ada, id, 'waiting');
    expect((await resolved(id)).status).toBe('PENDING');
    await station.restart();
    station.wire.away(false);
    await decided(ada, id);
    expect(await resolved(id)).toMatchObject({ resolution: 'APPROVED' });
    await ada.page.locator('[data-connection=live]').waitFor();
    const next = await station.world.ask();
    await ada.page.locator(`[data-item=${next}]`).waitFor();
    await station.world.approve(next);
  });

  test('is cleared by keys alone, whatever waits in it', async () => {
    const { world } = station;
    const options = [
      { id: 'a', label: 'Ship', description: '', value: 'ship' },
      { id: 'b', label: 'Wait', description: '', value: 'wait', recommended: true },
    ];
    const later = () => station.app.clock.advance(1);
    const ask = async (input: Record<string, unknown>) => {
      later();
      return world.ask(input);
    };
    const asked = {
      choose: await ask({ message: '1 which?', options }),
      reject: await ask({ message: '2 drop?', type: 'APPROVAL' }),
      modify: await ask({ message: '3 change?', type: 'QUALITY_REVIEW' }),
      escalate: await ask({ message: '4 above?', type: 'ESCALATION' }),
      critical: await ask({ message: '5 danger?', urgency: 'CRITICAL' }),
      call: (later(), await world.call(world.keys.AGENT, 'look around')),
    };
    const { page, signIn } = await station.person();
    await signIn(key('OPERATOR'), '/inbox?group=none&order=oldest');
    await page.getByText('6 items wait').waitFor();
    await page.keyboard.press('j');
    const at = (id: string) => page.locator(`[data-panel=${id}] .answer[data-ready=true]`).waitFor();
    await at(asked.choose);
    await page.keyboard.press('2');
    await at(asked.reject);
    await page.keyboard.press('r');
    await at(asked.modify);
    await page.keyboard.press('m');
    await page.keyboard.type('smaller steps');
    await page.keyboard.press('Control+Enter');
    await at(asked.escalate);
    await page.keyboard.press('e');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Shift+Tab');
    await page.keyboard.type('not mine');
    await page.keyboard.press('Control+Enter');
    await at(asked.critical);
    // A press alone approves nothing that is CRITICAL.
    await page.keyboard.press('a');
    await page.getByText('This is CRITICAL').waitFor();
    expect((await resolved(asked.critical)).status).toBe('PENDING');
    await page.keyboard.press('Control+Enter');
    await at(asked.call);
    await page.keyboard.press('a');
    await page.locator(`[data-decision=${asked.call}][data-state=done]`).waitFor();
    expect(
      await Promise.all(
        [asked.choose, asked.reject, asked.modify, asked.critical].map(
          async (id) => (await resolved(id)).resolution,
        ),
      ),
    ).toEqual(['OPTION_SELECTED', 'REJECTED', 'MODIFIED', 'APPROVED']);
    // What was escalated waits on, for whoever is above.
    await page.getByText('1 item waits').waitFor();
    await page.locator(`[data-item=${asked.escalate}]`).getByText('level 1').waitFor();
    await world.approve(asked.escalate, key('ADMIN'));
  });

  test('answers many at once, of one kind, but none that is CRITICAL or has a form (11.4)', async () => {
    const { world } = station;
    const plain = [await world.ask({ message: 'plain one' }), await world.ask({ message: 'plain two' })];
    const others = [
      await world.ask({ message: 'grave', urgency: 'CRITICAL' }),
      await world.ask({ message: 'with a form', responseSchema: { type: 'object' } }),
    ];
    const call = await world.call(world.keys.AGENT, 'bulk');
    const { page, signIn } = await station.person();
    await signIn(key('OPERATOR'), '/inbox');
    for (const id of [...plain, ...others, call]) await page.locator(`[data-item=${id}] input`).check();
    await page.getByText('They are of different kinds').waitFor();
    await page.getByRole('button', { name: 'Decision (4)' }).click();
    await page.getByRole('group', { name: 'Bulk actions' }).getByRole('button', { name: 'Approve' }).click();
    const dialog = page.getByRole('dialog', { name: 'Approve 2 items?' });
    await dialog.getByText('Left out: 2 items').waitFor();
    await dialog.getByText('CRITICAL: decided one by one').waitFor();
    await dialog.getByText('has a form to fill in').waitFor();
    expect(await axeFaults(page)).toEqual([]);
    // Somebody is quicker with one of them, between the look and the confirmation.
    await world.approve(plain[0]!, key('SUPERVISOR'));
    await dialog.getByRole('button', { name: 'Approve 2' }).click();
    const after = page.getByRole('dialog', { name: '1 of 2 items answered' });
    await after.getByText('1 done, 1 decided by somebody else or over, 0 turned down').waitFor();
    await after.getByText('SUPERVISOR decided this before you: approved.').waitFor();
    // It stays to be read, though nothing that was selected is there any more.
    await page.locator(`[data-item=${plain[1]}]`).waitFor({ state: 'detached' });
    await after.getByText('SUPERVISOR decided this before you: approved.').waitFor();
    expect(await Promise.all([...plain, ...others].map(async (id) => (await resolved(id)).status))).toEqual([
      'RESOLVED',
      'RESOLVED',
      'PENDING',
      'PENDING',
    ]);
    await Promise.all(others.map((id) => world.approve(id)));
    await station.app.ok(
      key('OPERATOR'),
      'mutation($id: ID!) { respondToApproval(id: $id, response: {verdict: REJECT, reason: "tidy"}) { success errors { message } } }',
      { id: call },
    );
  });

  test('leaves out of a bulk action what a team wants signed, and gives a reason where it wants one', async () => {
    const { world, app } = station;
    const wanted = (kind: string, flag: string) => `    ${kind}: { ui_config: { ${flag}: true } }\n`;
    await app.ok(
      key('ADMIN'),
      'mutation($id: ID!, $yaml: String!) { updateSupervision(teamId: $id, yaml: $yaml) { success errors { message } } }',
      {
        id: world.teamId,
        yaml: `human_supervision:\n  intervention_types:\n${wanted('decision', 'require_signature')}${wanted('follow_up', 'require_reason')}`,
      },
    );
    const signed = [await world.ask(), await world.ask()];
    const reasoned = [await world.ask({ type: 'FOLLOW_UP' }), await world.ask({ type: 'FOLLOW_UP' })];
    const { page, signIn } = await station.person();
    await signIn(key('OPERATOR'), '/inbox');
    const bulk = page.getByRole('group', { name: 'Bulk actions' });
    for (const id of signed) await page.locator(`[data-item=${id}] input`).check();
    await bulk.getByRole('button', { name: 'Approve' }).click();
    const none = page.getByRole('dialog', { name: 'Approve 0 items?' });
    await none.getByText('its team wants a signature').first().waitFor();
    await page.keyboard.press('Escape');
    await bulk.getByRole('button', { name: 'Clear the selection' }).click();

    for (const id of reasoned) await page.locator(`[data-item=${id}] input`).check();
    await bulk.getByRole('button', { name: 'Approve' }).click();
    const dialog = page.getByRole('dialog', { name: 'Approve 2 items?' });
    await dialog.getByRole('button', { name: 'Approve 2' }).click();
    await dialog.getByText('Enter a reason.').waitFor();
    await dialog.getByLabel('Reason, for all of them').fill('as agreed');
    await dialog.getByRole('button', { name: 'Approve 2' }).click();
    const after = page.getByRole('dialog', { name: '2 items answered' });
    await after.getByText('2 done, 0 decided by somebody else or over, 0 turned down').waitFor();
    for (const id of reasoned)
      expect(await resolved(id)).toMatchObject({
        resolution: 'APPROVED',
        humanResponse: { reasoning: 'as agreed' },
      });
    await Promise.all(signed.map((id) => world.approve(id)));
  });

  test('takes a second press that meets the next item for none', async () => {
    const [first, second] = [await station.world.ask(), await station.world.ask()];
    const { page, signIn } = await station.person();
    // The page's own time, which the test stops: how quick the machine is decides nothing.
    await page.addInitScript(() => {
      const real = performance.now.bind(performance);
      let stopped: number | null = null;
      performance.now = () => stopped ?? real();
      Object.assign(window, { stopTime: (is: boolean) => void (stopped = is ? real() : null) });
    });
    const stopTime = (is: boolean) =>
      page.evaluate((stop) => (window as unknown as { stopTime(is: boolean): void }).stopTime(stop), is);
    await signIn(key('OPERATOR'), '/inbox?group=none&order=oldest');
    await page.getByText('2 items wait').waitFor();
    await page.keyboard.press('j');
    await page.locator(`[data-panel=${first}] .answer`).waitFor();
    await stopTime(true);
    await page.keyboard.press('a');
    const next = page.locator(`[data-panel=${second}]`);
    await next.locator('.answer').waitFor();
    await page.keyboard.press('a');
    await next.getByText('Say it again if you mean it.').waitFor();
    expect((await resolved(second)).status).toBe('PENDING');
    await stopTime(false);
    await next.locator('.answer[data-ready=true]').waitFor();
    await page.keyboard.press('a');
    await page.locator(`[data-decision=${second}][data-state=done]`).waitFor();
  });

  test('keeps what it shows in its address', async () => {
    const [decision, review] = [
      await station.world.ask(),
      await station.world.ask({ type: 'QUALITY_REVIEW' }),
    ];
    const { page, signIn } = await station.person();
    await signIn(key('OPERATOR'), '/inbox');
    await page.getByText('2 items wait').waitFor();
    await page.locator('summary', { hasText: 'Kind' }).click();
    await page.getByLabel('Quality review').check();
    await page.getByText('1 of 2 shown').waitFor();
    expect(new URL(page.url()).search).toBe('?type=QUALITY_REVIEW');
    await page.reload();
    await page.getByText('1 of 2 shown').waitFor();
    await page.getByRole('button', { name: 'Show everything' }).click();
    await page.getByText('2 items wait').waitFor();
    await Promise.all([decision, review].map((id) => station.world.approve(id)));
  });

  test('counts, shows and names a call as its team’s', async () => {
    const { world } = station;
    const [call, elsewhere] = [await world.call(), await world.team('Another team')];
    const { page, signIn } = await station.person();
    await signIn(key('OPERATOR'), `/inbox?team=${world.teamId}&group=team`);
    await page.locator(`[data-item=${call}]`).getByText("Release's team").waitFor();
    await page.locator('.group-head', { hasText: "Release's team" }).waitFor();
    await page.locator(`[data-item=${call}] a`).click();
    await page.locator(`[data-panel=${call}] .panel-facts`).getByText("Release · Release's team").waitFor();
    await page.goto(`/inbox?team=${elsewhere}`);
    await page.getByText('0 of 1 shown').waitFor();
    await world.rejectCall(call);
  });

  test('is as high as the window, in whatever state, and scrolls in its parts alone', async () => {
    const { world } = station;
    const calls = [
      await world.call(world.keys.AGENT, 'look up'),
      await world.call(world.keys.AGENT, 'look on'),
    ];
    const asked = await Promise.all(
      Array.from({ length: 12 }, (_, at) => world.ask({ message: `may ${at}?` })),
    );
    const { page, signIn } = await station.person();
    const fits = async (state: string) => {
      const [document, main] = await page.evaluate(() =>
        [window.document.documentElement, window.document.querySelector('main')!].map(
          ({ scrollHeight, clientHeight }) => scrollHeight - clientHeight,
        ),
      );
      expect([document, main], state).toEqual([0, 0]);
    };
    await signIn(key('OPERATOR'), `/inbox?item=${calls[0]}`);
    await page.getByText('14 items wait').waitFor();
    await page.locator(`[data-panel=${calls[0]}] .answer`).waitFor();
    await fits('a panel');
    await page.getByRole('button', { name: 'Edit and approve' }).click();
    const many = Object.fromEntries(Array.from({ length: 40 }, (_, at) => [`line_${at}`, at]));
    await page.getByLabel('Input of the call, as it is to run (JSON)').fill(JSON.stringify(many, null, 2));
    await page.locator('.diff').waitFor();
    await fits('an input that is edited');
    for (const id of asked.slice(0, 3)) await page.locator(`[data-item=${id}] input`).check();
    await fits('a selection');
    const bulk = page.getByRole('group', { name: 'Bulk actions' });
    await bulk.getByRole('button', { name: 'Approve' }).click();
    await page.getByRole('button', { name: 'Approve 3' }).click();
    await page.getByText('3 done, 0 decided').waitFor();
    await page.keyboard.press('Escape');
    await page.locator(`[data-decision=${asked[0]}]`).waitFor();
    await fits('a bulk action that is done');
    station.wire.away(true);
    await page.getByText('The server has not been reached for').waitFor();
    await fits('no connection');
    await page.setViewportSize({ width: 375, height: 700 });
    await fits('no connection, on a phone');
    station.wire.away(false);
    await page.locator('[data-connection=live]').waitFor();
    await Promise.all(asked.slice(3).map((id) => world.approve(id)));
    await Promise.all(calls.map((id) => world.rejectCall(id)));
  });

  test('asks whether it may notify when it is told to, and not before (11.6)', async () => {
    const { page, signIn } = await station.person();
    await page.addInitScript(() => {
      const log: string[] = [];
      Object.assign(window, { asked: log });
      class Notification {
        static permission = 'default';
        static requestPermission() {
          log.push('asked');
          Notification.permission = 'granted';
          return Promise.resolve('granted');
        }
        constructor(title: string, { body }: { body: string }) {
          log.push(`${title} — ${body}`);
        }
        addEventListener() {}
      }
      Object.assign(window, { Notification });
      Object.defineProperty(document, 'visibilityState', { get: () => 'hidden' });
    });
    const log = () => page.evaluate(() => (window as unknown as { asked: string[] }).asked);
    await signIn(key('OPERATOR'), '/inbox');
    await page.getByText('Nothing waits').waitFor();
    expect(await log()).toEqual([]);
    await page.getByLabel('Notify me on the desktop').check();
    expect(await log()).toEqual(['asked']);
    const id = await station.world.ask({ message: 'now\u202E?' });
    await page.locator(`[data-item=${id}]`).waitFor();
    expect(await log()).toEqual(['asked', 'Decision: somebody has to decide — coder: now⟨RLO⟩?']);
    await station.world.approve(id);
  });
});
