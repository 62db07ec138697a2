import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import { axeFaults } from './axe.ts';

const ways = [
  [1280, 'light'],
  [1280, 'dark'],
  [375, 'dark'],
  [375, 'light'],
] as const;

/** The page as it stands has nothing that axe finds fault with, in either scheme, and fits a narrow screen. */
export async function expectCleanEveryWay(page: Page): Promise<void> {
  for (const [width, colorScheme] of ways) {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize({ width, height: 800 });
    const way = `${width} px, ${colorScheme}`;
    expect(await axeFaults(page), way).toEqual([]);
    expect(await page.evaluate(() => document.documentElement.scrollWidth), way).toBe(width);
    const main = page.locator('main');
    expect(await main.evaluate(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth), way).toBe(0);
  }
  await page.setViewportSize({ width: 1280, height: 800 });
}
