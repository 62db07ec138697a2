import { describe, expect, test } from 'vitest';
import { openTasks } from '../../src/workstation/pages/emergency/stop-preview.tsx';
import { ADMIN_KEY } from '../support/app.ts';
import { makeProject } from '../support/world.ts';
import { noBrowser } from './support/browser.ts';
import { looksRight, looksRightElsewhere } from './support/look.ts';
import { withStation } from './support/station.ts';

test('open tasks are counted, and said to be more where a page does not hold their sessions', () => {
  const list = (totalCount: number, ...statuses: string[]) => ({
    totalCount,
    nodes: [{ tasks: statuses.map((status) => ({ status })) }],
  });
  expect(openTasks([list(1, 'RUNNING', 'COMPLETED'), list(1, 'PENDING')])).toEqual({
    count: 2,
    atLeast: false,
  });
  expect(openTasks([list(2, 'HALTED', 'CANCELLED')])).toEqual({ count: 1, atLeast: true });
});

describe.skipIf(noBrowser())('the page of the emergency stop', { timeout: 60_000 }, () => {
  const station = withStation();

  test('stops a project in two steps, and shows what halted', async () => {
    const { app } = station;
    const world = await makeProject(app, ADMIN_KEY, 'Rocket');
    const asked = await world.ask({ message: 'launch?' });
    await world.session();
    await world.task();
    const { page, signIn } = await station.person();
    await signIn(world.keys.OPERATOR, '/emergency');
    await page.getByText('This project is running').waitFor();
    await page.getByText('It has never been stopped.').waitFor();
    await page.getByRole('button', { name: 'Stop this project …' }).click();
    const dialog = page.getByRole('dialog', { name: 'Stop Rocket' });
    await dialog.getByText('2 sessions running').waitFor();
    await dialog.getByText('1 session waiting for people').waitFor();
    await dialog.getByText('1 pending request frozen').waitFor();
    await dialog.getByRole('row', { name: "Rocket's team 2 1 1" }).waitFor();
    await dialog.getByRole('button', { name: 'Go on …' }).click();
    await dialog.getByText('Say why').waitFor();
    await looksRight(page);
    await dialog.getByLabel('Why is it stopped?').fill('smoke in the hall');
    await world.session();
    await dialog.getByText('3 sessions running').waitFor();
    await dialog.getByRole('button', { name: 'Go on …' }).click();

    const confirm = dialog.getByRole('button', { name: 'Stop the project now' });
    expect(await confirm.isDisabled()).toBe(true);
    await dialog.getByLabel('To confirm, type this:').fill('rocket');
    expect(await confirm.isDisabled()).toBe(true);
    await looksRight(page);
    await dialog.getByLabel('To confirm, type this:').fill('Rocket');
    // What the page read before the stop is no longer so once the stop is answered, however long it takes to read it anew.
    let readOn = () => {};
    const held = new Promise<void>((resolve) => (readOn = resolve));
    await page.route('**/graphql', async (route) => {
      if (route.request().postData()?.includes('query EmergencyProject')) await held;
      await route.continue();
    });
    await confirm.click();
    await dialog.waitFor({ state: 'detached' });
    await page.getByText('This project is stopped').waitFor();
    expect(await page.getByText('This project is running').count()).toBe(0);
    readOn();
    await page.unrouteAll({ behavior: 'wait' });
    await page.getByText('Every running agent had confirmed').waitFor();
    await page.getByText('smoke in the hall').first().waitFor();
    await page.getByText('Sessions: 4 halted').click();
    await page.getByRole('link', { name: 'work of Rocket' }).first().waitFor();
    await page.getByText('A manager begins the recovery').waitFor();
    await looksRight(page);
    const { intervention } = await app.ok(
      world.keys.VIEWER,
      'query($id: ID!) { intervention(id: $id) { frozen } }',
      { id: asked },
    );
    expect(intervention.frozen).toBe(true);

    const viewer = await station.person();
    const { emergencyStatus } = await app.ok(
      world.keys.VIEWER,
      'query($id: ID!) { emergencyStatus(projectId: $id) { stop { id } } }',
      { id: world.id },
    );
    await viewer.signIn(world.keys.VIEWER, `/emergency/${emergencyStatus.stop.id}`);
    await viewer.page.getByText('This project is stopped').waitFor();
    await looksRightElsewhere(station, world.keys.MANAGER, '/emergency', (narrow) =>
      narrow.getByText('Sessions: 4 halted').waitFor(),
    );
  });

  test('is told of on every page, as it comes and as it goes', async () => {
    const world = await makeProject(station.app, ADMIN_KEY, 'Lathe');
    const { page, signIn } = await station.person();
    await signIn(world.keys.VIEWER, '/teams');
    await page.getByRole('heading', { level: 1, name: 'Teams' }).waitFor();
    expect(await page.locator('[data-stopped]').count()).toBe(0);
    await station.app.ok(
      world.keys.OPERATOR,
      'mutation($id: ID!) { triggerEmergencyStop(projectId: $id, reason: "sparks") { success errors { message } } }',
      { id: world.id },
    );
    const banner = page.locator('[data-stopped="1"]');
    await banner.getByText('Stopped: Lathe.').waitFor();
    await looksRight(page);
    await banner.getByRole('link', { name: 'Lathe' }).click();
    await page.getByText('sparks').first().waitFor();
    for (const path of ['/inbox', '/keys']) {
      await page.goto(path);
      await banner.waitFor();
    }
    // Of other projects nothing is told.
    const other = await station.person();
    await other.signIn(station.world.keys.VIEWER, '/teams');
    await other.page.getByRole('heading', { level: 1, name: 'Teams' }).waitFor();
    expect(await other.page.locator('[data-stopped]').count()).toBe(0);
    await looksRightElsewhere(station, world.keys.VIEWER, '/sessions', (narrow) =>
      narrow.locator('[data-stopped="1"]').waitFor(),
    );
  });

  test('says that it was stopped already, where somebody was quicker', async () => {
    const world = await makeProject(station.app, ADMIN_KEY, 'Kettle');
    const { page, signIn } = await station.person();
    await signIn(ADMIN_KEY, '/emergency');
    await page.locator(`[data-project=${world.id}]`).getByText('Running').waitFor();
    await page.getByRole('link', { name: 'Kettle' }).click();
    await page.getByRole('button', { name: 'Stop this project …' }).click();
    const dialog = page.getByRole('dialog', { name: 'Stop Kettle' });
    await dialog.getByLabel('Why is it stopped?').fill('it boils');
    await dialog.getByRole('button', { name: 'Go on …' }).click();
    await dialog.getByLabel('To confirm, type this:').fill('Kettle');
    await station.app.ok(
      world.keys.AGENT,
      'mutation($id: ID!) { triggerEmergencyStop(projectId: $id, reason: "too hot") { success errors { message } } }',
      { id: world.id },
    );
    station.app.clock.advance(1);
    await dialog.getByRole('button', { name: 'Stop the project now' }).click();
    await page.getByText('the project was stopped already').waitFor();
    await page.getByText('too hot').first().waitFor();
    expect(await page.getByText('it boils').count()).toBe(0);
  });

  test('counts the running agents that confirm, one by one', async () => {
    const world = await makeProject(station.app, ADMIN_KEY, 'Mill');
    const { clock, database } = station.app;
    const { prisma } = database;
    const heldUntil = new Date(clock.now().getTime() + 5_000);
    const sessions = [await world.session(), await world.session()];
    for (const sessionId of sessions)
      await prisma.sessionDrive.create({ data: { sessionId, epoch: 0, heldUntil } });
    await station.app.ok(
      world.keys.OPERATOR,
      'mutation($id: ID!) { triggerEmergencyStop(projectId: $id, reason: "grinds") { success errors { message } } }',
      { id: world.id },
    );
    const { page, signIn } = await station.person();
    await signIn(world.keys.VIEWER, '/emergency');
    await page.getByText('0 of 2 sessions have halted').waitFor();
    await looksRight(page);
    await prisma.sessionDrive.update({ where: { sessionId: sessions[0]! }, data: { heldUntil: null } });
    await page.getByText('1 of 2 sessions have halted').waitFor();
    station.app.clock.advance(6);
    await page.getByText('Every running agent had confirmed').waitFor();
  });

  test('offers the stop to nobody whose role may not', async () => {
    const { page, signIn } = await station.person();
    await signIn(station.world.keys.VIEWER, '/emergency');
    await page.getByText('This takes the role of operator or a higher one.').waitFor();
    expect(await page.getByRole('button', { name: 'Stop this project …' }).count()).toBe(0);
  });
});
