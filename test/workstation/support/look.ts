import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import { axeFaults } from './axe.ts';
import type { Station } from './station.ts';

/** What must hold of a page as it stands: axe finds nothing, and nothing sticks out of a narrow screen. */
export async function looksRight(page: Page): Promise<void> {
  expect(await axeFaults(page)).toEqual([]);
  expect(
    await page.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth),
  ).toBe(true);
}

/** The same address at 375 px, and in the dark: `shown` waits until the page is there. */
export async function looksRightElsewhere(
  station: Station,
  key: string,
  path: string,
  shown: (page: Page) => Promise<unknown>,
): Promise<void> {
  for (const options of [{ width: 375 }, { dark: true }]) {
    const { page, signIn } = await station.person(options);
    await signIn(key, path);
    await shown(page);
    await looksRight(page);
    await page.context().close();
  }
}
