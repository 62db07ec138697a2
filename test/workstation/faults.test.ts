// What the workstation says and does where the server, or something before it, has no answer now.
import type { Page, Route } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { askedToWait } from '../../src/workstation/live/retry.ts';
import { axeFaults } from './support/axe.ts';
import { noBrowser } from './support/browser.ts';
import { withStation } from './support/station.ts';

const AT = Date.parse('2026-03-02T09:00:00Z');
test.each([
  [null, 0],
  ['', 0],
  ['0', 0],
  ['3', 3_000],
  [' 120 ', 120_000],
  ['soon', 0],
  ['-5', 0],
  ['Mon, 02 Mar 2026 09:00:30 GMT', 30_000],
  ['Mon, 02 Mar 2026 08:59:30 GMT', 0],
  // Nobody would know any more what they had decided.
  ['86400', 3_600_000],
])('a Retry-After of %j is a wait of %i ms', (header, wait) => {
  expect(askedToWait(header, AT)).toBe(wait);
});

/** An answer as the API gives it where it gives none. */
const refusal = (status: number, code: string, headers: Record<string, string> = {}) => ({
  status,
  headers,
  contentType: 'application/graphql-response+json',
  body: JSON.stringify({ errors: [{ message: `no: ${code}`, extensions: { code } }] }),
});

describe.skipIf(noBrowser())('where there is no answer now', () => {
  const station = withStation();
  /** Every operation that holds this text is answered by `answer`, until it lets them through. */
  const intercept = (page: Page, text: string, answer: (route: Route) => Promise<void>) =>
    page.route('**/graphql', (route) =>
      route.request().postData()?.includes(text) ? answer(route) : route.continue(),
    );

  test('a page says why, offers to read again, and marks what still stands there as out of date', async () => {
    const { page, signIn } = await station.person();
    await signIn(station.world.keys.ADMIN);
    let failing = true;
    await intercept(page, 'query Teams', (route) =>
      failing ? route.fulfill(refusal(503, 'SERVICE_UNAVAILABLE')) : route.continue(),
    );
    const notice = page.getByRole('alert');
    const team = page.locator(`[data-team=${station.world.teamId}]`);
    const again = page.getByRole('button', { name: 'Try again' });

    await page.getByRole('link', { name: 'Teams' }).click();
    await notice.getByText('This could not be loaded').waitFor();
    await notice.getByText('Code: SERVICE_UNAVAILABLE').waitFor();
    expect(await axeFaults(page)).toEqual([]);
    failing = false;
    await again.click();
    await team.waitFor();
    await notice.waitFor({ state: 'detached' });

    failing = true;
    const other = await station.world.team('another team');
    const stale = notice.getByText('what stands here may be out of date');
    await stale.waitFor();
    expect(await team.count()).toBe(1);
    expect(await page.locator(`[data-team=${other}]`).count()).toBe(0);
    // It stays marked, also where it is read once more in vain.
    const answered = page.waitForResponse(
      (response) => response.request().postData()?.includes('query Teams') === true,
    );
    await again.click();
    expect((await answered).status()).toBe(503);
    await stale.waitFor();
    expect(await team.count()).toBe(1);
    failing = false;
    await again.click();
    await page.locator(`[data-team=${other}]`).waitFor();
    await notice.waitFor({ state: 'detached' });
  });

  test('a decision waits and is said again under the same key, not before it was asked to, and lands once (11.1)', async () => {
    const id = await station.world.ask();
    const { page, signIn } = await station.person();
    await signIn(station.world.keys.OPERATOR);
    await page.goto(`/inbox?item=${id}`);
    await page.locator(`[data-panel=${id}] .answer[data-ready=true]`).waitFor();
    const keys: string[] = [];
    const waited: number[] = [];
    const seen = Promise.withResolvers<void>();
    let refusedAt = performance.now();
    const answers = [
      refusal(503, 'SERVICE_UNAVAILABLE'),
      refusal(429, 'RATE_LIMITED', { 'retry-after': '2' }),
      // Something before the server, in words of its own.
      { status: 503, headers: { 'retry-after': '2' }, contentType: 'text/html', body: 'maintenance' },
      { status: 429, headers: {}, contentType: 'text/plain', body: 'slow down' },
    ];
    await intercept(page, 'resolveIntervention', async (route) => {
      waited.push(performance.now() - refusedAt);
      const { variables } = route.request().postDataJSON() as {
        variables: { resolution: { idempotencyKey: string } };
      };
      keys.push(variables.resolution.idempotencyKey);
      const answer = answers.shift();
      refusedAt = performance.now();
      if (answer !== undefined) return route.fulfill(answer);
      await seen.promise;
      await route.continue();
    });
    await page.keyboard.press('a');
    await page.locator(`[data-decision=${id}][data-state=waiting]`).waitFor();
    await page.getByText('it is sent again until the server answers').first().waitFor();
    seen.resolve();
    // What else is worth a try at once is none where one was asked to wait.
    await expect.poll(() => keys.length, { timeout: 30_000 }).toBeGreaterThanOrEqual(2);
    await page.evaluate(() => window.dispatchEvent(new Event('online')));
    await page.locator(`[data-decision=${id}][data-state=done]`).waitFor();
    expect(keys).toHaveLength(5);
    expect([...new Set(keys)]).toEqual([expect.stringMatching(/^[0-9a-f-]{36}$/)]);
    // A timer of the browser may be a moment early.
    expect(Math.min(waited[2]!, waited[3]!)).toBeGreaterThan(1_980);
    const { events } = await station.app.ok(
      station.world.keys.OPERATOR,
      'query($id: ID!) { events(filter: {subjectId: $id, types: ["intervention_resolved"]}, first: 9) { nodes { id } } }',
      { id },
    );
    expect(events.nodes).toHaveLength(1);
  });
});
