import { beforeEach, describe, expect, test } from 'vitest';
import { mayBeLeftOut, modificationsOf, noChanges } from '../../src/workstation/decision/plan-changes.ts';
import { ADMIN_KEY } from '../support/app.ts';
import { makeKey, makeProject, type TestWorld } from '../support/world.ts';
import { noBrowser, type Person } from './support/browser.ts';
import { looksRight, looksRightElsewhere } from './support/look.ts';
import { withStation } from './support/station.ts';

describe('what an approver changes of a plan', () => {
  const step = (id: string, action: string, parameters: object = {}) => ({
    id,
    action,
    parameters,
    title: id,
  });
  const steps = [
    step('verify', 'verify_cause', { condition: 'SECURITY_THREAT' }),
    step('limits', 'set_limits', { limits: {} }),
    step('requeue', 'requeue_tasks', { tasks: [{ id: 'a', agentName: 'x', was: 'RUNNING', why: '' }] }),
    step('abandon', 'abandon_tasks', { tasks: [{ id: 'b', agentName: 'x', was: 'RUNNING', why: '' }] }),
    step('resume', 'resume_sessions', { sessions: [{ id: 's', was: 'ACTIVE', fate: 'RESUME' }] }),
    step('lift', 'lift_stop'),
  ];

  test('is only what differs from the plan', () => {
    expect(modificationsOf(steps, noChanges)).toBeNull();
    expect(
      modificationsOf(steps, {
        skip: [],
        limits: { dailyCost: ' ' },
        tasks: { a: 'REQUEUE', b: 'ABANDON' },
        sessions: { s: 'RESUME' },
      }),
    ).toBeNull();
    expect(
      modificationsOf(steps, {
        skip: ['limits'],
        limits: { dailyCost: '12.5', dailyTokens: '2000', monthlyTokens: 'many' },
        tasks: { a: 'ABANDON', b: 'REQUEUE' },
        sessions: { s: 'ABANDON' },
      }),
    ).toEqual({
      skip: ['limits'],
      limits: { dailyCost: '12.5', dailyTokens: 2000, monthlyTokens: 'many' },
      tasks: { a: 'ABANDON', b: 'REQUEUE' },
      sessions: { s: 'ABANDON' },
    });
  });

  test('leaves out neither the lift nor the check of a security threat', () => {
    expect(steps.filter(mayBeLeftOut).map(({ id }) => id)).toEqual([
      'limits',
      'requeue',
      'abandon',
      'resume',
    ]);
  });
});

describe.skipIf(noBrowser())('the pages of recoveries', { timeout: 90_000 }, () => {
  const station = withStation();
  let world: TestWorld;
  let second: string;
  let made = 0;

  beforeEach(async () => {
    world = await makeProject(station.app, ADMIN_KEY, `Plant ${made++}`);
    second = (await makeKey(station.app, ADMIN_KEY, 'MANAGER', world.id, 'second')).secret;
    await world.task();
    await world.session();
    await station.app.ok(
      world.keys.AGENT,
      'mutation($id: ID!) { triggerEmergencyStop(projectId: $id, reason: "a leak") { success errors { message } } }',
      { id: world.id },
    );
  });

  const step = ({ page }: Person, action: string) => page.locator(`[data-step=${action}]`);

  async function begun(type: RegExp): Promise<[Person, Person]> {
    const first = await station.person();
    await first.signIn(world.keys.MANAGER, '/emergency');
    await first.page.getByRole('link', { name: 'Begin a recovery' }).click();
    await first.page.getByLabel(type).check();
    await looksRight(first.page);
    await first.page.getByRole('button', { name: 'Begin' }).click();
    await first.page.getByText('Its plan waits to be approved.').waitFor();
    const other = await station.person();
    await other.signIn(second, new URL(first.page.url()).pathname);
    return [first, other];
  }

  test('bring a project back: begun by one, approved with changes by another, step by step', async () => {
    const [first, other] = await begun(/^Guided/);
    await first.page.getByText('You asked for this: somebody else has to approve it.').waitFor();
    expect(await first.page.getByRole('button', { name: 'Approve' }).count()).toBe(0);
    await first.page.getByText('2 sessions and 1 task halted.').waitFor();
    // Nobody has judged it yet, and nothing measures it.
    await first.page.getByText('somebody stopped it for people to judge').waitFor();
    expect(await first.page.getByText('cleared', { exact: true }).count()).toBe(0);

    await other.page.getByText('Change the plan before approving it').click();
    await other.page.getByLabel('Dollars a day').fill('a lot');
    await other.page.getByRole('combobox').first().selectOption('ABANDON');
    await looksRight(other.page);
    await other.page.getByRole('button', { name: 'Approve with these changes' }).click();
    await other.page.getByRole('alert').getByText('INVALID_INPUT').waitFor();
    await other.page.getByLabel('Dollars a day').fill('80');
    await other.page.getByRole('button', { name: 'Approve with these changes' }).click();
    await first.page.getByText('Its steps are taken in turn.').waitFor();
    await step(first, 'set_limits').getByText("Set the budget's limits").waitFor();
    await step(first, 'abandon_tasks').waitFor();

    for (const action of ['verify_cause', 'set_limits', 'abandon_tasks', 'resume_sessions', 'lift_stop']) {
      await step(first, action).getByRole('button', { name: 'Ask for its approval' }).click();
      await step(other, action).getByRole('button', { name: 'Approve' }).click();
      await step(first, action).getByRole('button', { name: 'Run it' }).click();
      await step(first, action).locator('[data-state=COMPLETED]').waitFor();
    }
    await other.page.getByText('It is done, and the stop is lifted.').waitFor();
    await looksRight(other.page);
    const { budget } = await station.app.ok(
      world.keys.VIEWER,
      'query($id: ID!) { budget(projectId: $id) { lines { limitType limit } } }',
      { id: world.id },
    );
    expect(budget.lines).toContainEqual({ limitType: 'COST_DAILY', limit: '80.0000' });
  });

  test('have their plan changed and approved where it waits, in the inbox', async () => {
    const [first, other] = await begun(/^Guided/);
    await other.page.getByRole('link', { name: 'Inbox' }).click();
    await other.page.locator('[data-item^=approval_] a').first().click();
    const panel = other.page.locator('[data-panel^=approval_]');
    await panel.getByRole('button', { name: 'Change and approve' }).click();
    await panel.getByLabel('Dollars a day').fill('70');
    await panel.getByRole('combobox').first().selectOption('ABANDON');
    await looksRight(other.page);
    await panel.getByRole('button', { name: 'Approve as changed' }).click();
    await first.page.getByText('Its steps are taken in turn.').waitFor();
    await step(first, 'set_limits').waitFor();
    await step(first, 'abandon_tasks').waitFor();
  });

  test('ask for a note with each step that people do by hand', async () => {
    const [first, other] = await begun(/^Manual/);
    await other.page.getByRole('button', { name: 'Approve' }).click();
    const verify = step(first, 'verify_cause');
    await verify.getByRole('button', { name: 'Ask for its approval' }).click();
    await verify.getByText('A recovery by hand needs a note').waitFor();
    await looksRight(first.page);
    await verify.getByLabel('What you are about to do').fill('look at the valve');
    await verify.getByRole('button', { name: 'Ask for its approval' }).click();
    await step(other, 'verify_cause').getByText('look at the valve').first().waitFor();
    await step(other, 'verify_cause').getByLabel('Reason').fill('not alone');
    await step(other, 'verify_cause').getByRole('button', { name: 'Reject' }).click();
    await verify.getByText('rejected: not alone', { exact: true }).waitFor();
    await verify.getByRole('button', { name: 'Ask for it again' }).waitFor();
    await first.page.getByText('A step could not be done or was not allowed').waitFor();

    await first.page.getByRole('button', { name: 'Give it up' }).first().click();
    const dialog = first.page.getByRole('dialog', { name: 'Give this recovery up?' });
    await dialog.getByRole('button', { name: 'Give it up' }).click();
    await other.page.getByText('It was given up.').waitFor();
    await other.page.getByRole('link', { name: 'Begin a recovery' }).waitFor();
  });

  test('show a viewer all of it, and offer nothing', async () => {
    await begun(/^Automated/);
    const viewer = await station.person();
    await viewer.signIn(world.keys.VIEWER, '/recovery');
    await viewer.page.getByRole('link', { name: '0 of 4 steps done' }).click();
    await viewer.page.getByText('This takes the role of manager or a higher one.').waitFor();
    expect(await viewer.page.getByRole('button', { name: /Approve|Reject|Give/ }).count()).toBe(0);
    await looksRightElsewhere(station, world.keys.MANAGER, new URL(viewer.page.url()).pathname, (page) =>
      page.locator('[data-step=lift_stop]').waitFor(),
    );
  });
});
