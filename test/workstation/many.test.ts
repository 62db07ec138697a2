import { describe, expect, test } from 'vitest';
import { createIds } from '../../src/kernel/ids.ts';
import { axeFaults } from './support/axe.ts';
import { noBrowser } from './support/browser.ts';
import { withStation } from './support/station.ts';

const SESSIONS = 100;
const IN_EACH = 100;
const urgencies = ['LOW', 'NORMAL', 'HIGH', 'CRITICAL'] as const;

describe.skipIf(noBrowser())('an inbox of 10,000 items', () => {
  const station = withStation();

  /** As many as no team may have waiting at once (behaviour 4.1), so that they come past the API. */
  async function fill(): Promise<void> {
    const { prisma } = station.app.database;
    const ids = createIds(station.app.clock);
    for (let session = 0; session < SESSIONS; session += 1) {
      const id = await station.world.ask({ message: `first of the ${session}nd session` });
      const { context, options, terms, escalations, ...asked } = await prisma.intervention.findUniqueOrThrow({
        where: { id },
      });
      await prisma.intervention.createMany({
        data: Array.from({ length: IN_EACH - 1 }, (_, copy) => ({
          ...asked,
          context: context ?? {},
          options: options ?? [],
          terms: terms ?? {},
          escalations: escalations ?? [],
          responseSchema: undefined,
          askedBy: asked.askedBy ?? undefined,
          claimedBy: undefined,
          response: undefined,
          receipt: undefined,
          id: ids.next('intervention'),
          message: `request ${copy + 1} of session ${session}`,
          urgency: urgencies[copy % urgencies.length]!,
        })),
      });
      // A team holds so many: the ones before are another team's.
      station.world.teamId = await station.world.team(`team ${session}`);
    }
  }

  test('is read whole, counted, filtered and gone through, with few of them in the document', async () => {
    await fill();
    const { page, signIn } = await station.person();
    await signIn(station.world.keys.OPERATOR, '/inbox');
    await page.getByText('10,000 items wait').waitFor({ timeout: 200_000 });
    const rows = page.locator('.virtual li');
    expect(await rows.count()).toBeLessThan(60);
    await page.getByRole('heading', { name: /^Critical 2,4\d\d$/ }).waitFor();
    await page.locator('summary', { hasText: 'Urgency' }).click();
    await page.getByLabel('Low').check();
    await page.getByText('2,500 of 10,000 shown').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Show everything' }).click();
    await page.getByText('10,000 items wait').waitFor();
    await page.getByPlaceholder('Words').fill('first 42nd');
    await page.getByText('1 of 10,000 shown').waitFor();
    await page.getByPlaceholder('Words').fill('');
    await page.getByText('10,000 items wait').waitFor();

    await page.locator('.virtual').evaluate((list) => list.scrollTo(0, list.scrollHeight));
    await page.locator('.virtual li[aria-posinset="10004"]').waitFor();
    expect(await rows.count()).toBeLessThan(60);
    expect(await axeFaults(page)).toEqual([]);

    // It stays true: one that is decided is gone, and the next one is where it was.
    const last = await page.locator('[data-item]').last().getAttribute('data-item');
    await page.locator(`[data-item=${last}] a`).click();
    await page.locator(`[data-panel=${last}] .answer`).waitFor();
    await page.keyboard.press('r');
    await page.getByText('9,999 items wait').waitFor();
    await page.keyboard.press('k');
    await page.locator('.item-current').waitFor();
  }, 300_000);
});
