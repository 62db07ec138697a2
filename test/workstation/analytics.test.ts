import { describe, expect, test } from 'vitest';
import { rangeUntil } from '../../src/workstation/pages/analytics/search.ts';
import { filled } from '../../src/workstation/pages/analytics/volume.ts';
import { ADMIN_KEY } from '../support/app.ts';
import { makeKey } from '../support/world.ts';
import { noBrowser } from './support/browser.ts';
import { expectCleanEveryWay } from './support/every-way.ts';
import { withStation } from './support/station.ts';

test('a range ends with the running hour, and the chart has every stretch of it', () => {
  const range = rangeUntil(Date.parse('2026-03-02T09:30:00Z'), 'day');
  expect(range).toEqual({ from: '2026-03-01T10:00:00.000Z', to: '2026-03-02T10:00:00.000Z' });
  const volume = [{ at: '2026-03-01T12:00:00.000Z', asked: 2, decided: 1 }];
  const stretches = filled(volume, { ...range, bucketSeconds: 3600 });
  expect(stretches).toHaveLength(24);
  expect(stretches[2]).toEqual(volume[0]);
  expect(stretches[0]).toEqual({ at: '2026-03-01T10:00:00.000Z', asked: 0, decided: 0 });
});

describe.skipIf(noBrowser())('the page of analytics', { timeout: 90_000 }, () => {
  const station = withStation();

  test('shows what was decided, by whom and how quickly, and keeps its range in the address', async () => {
    const { world } = station;
    const { page, signIn } = await station.person();
    await signIn(world.keys.VIEWER, '/analytics');
    await page.getByText('Nothing was asked in this time.').waitFor();
    const first = await world.ask({ agentName: 'coder' });
    await world.ask({ agentName: 'tester' });
    await world.approve(first);
    await world.call();
    await page.getByRole('row', { name: /^coder 2 1 0/ }).waitFor();
    await page.getByRole('row', { name: /^OPERATOR 1 1 0/ }).waitFor();
    await page.getByRole('row', { name: /^approved 1 .*33 %/ }).waitFor();
    await page.getByRole('row', { name: /^Agent call 1 0 0/ }).waitFor();
    await page.getByRole('img', { name: 'Volume, as a chart' }).waitFor();
    await page.getByText('As a table').click();
    await expectCleanEveryWay(page);
    await page.getByRole('combobox', { name: 'Time', exact: true }).selectOption('day');
    await page.waitForURL(/range=day/);
    await page.reload();
    await page.getByRole('row', { name: /^coder/ }).waitFor();
    expect(await page.getByRole('combobox', { name: 'Time', exact: true }).inputValue()).toBe('day');
    await page.getByRole('combobox', { name: 'Team' }).selectOption({ label: "Release's team" });
    await page.waitForURL(/team=team_/);
    await page.getByRole('row', { name: /^tester/ }).waitFor();
  });

  test('warns of a person who approves nearly everything without the time to look', async () => {
    const { world, app } = station;
    const { secret } = await makeKey(app, ADMIN_KEY, 'OPERATOR', world.id, 'hasty');
    const teamId = await world.team('hurried');
    for (let round = 0; round < 3; round += 1) {
      const sessionId = await world.session({ teamId });
      const ids: string[] = [];
      for (let n = 0; n < 8; n += 1) ids.push(await world.ask({ sessionId }));
      for (const id of ids) await world.approve(id, secret);
    }
    const { page, signIn } = await station.person();
    await signIn(world.keys.MANAGER, `/analytics?team=${teamId}`);
    await page.getByText('hasty approved 24 of 24').waitFor();
    await page.getByRole('row', { name: /hasty without looking/ }).waitFor();
    await expectCleanEveryWay(page);
  });
});
