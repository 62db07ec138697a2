// Debian's chromium, driven by playwright-core: `apt-get install -y chromium`. Where there is none, what needs a browser
// is skipped, and says so in one line.
import { accessSync, constants } from 'node:fs';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

function found(): string | null {
  for (const place of PLACES)
    try {
      accessSync(place, constants.X_OK);
      return place;
    } catch {
      // The next one.
    }
  return null;
}

export const executablePath = found();

let told = false;
/** `describe.skipIf(noBrowser())`. */
export function noBrowser(): boolean {
  if (executablePath === null && !told) {
    told = true;
    console.warn(
      'skipped: the workstation in a browser, as there is no chromium (apt-get install -y chromium)',
    );
  }
  return executablePath === null;
}

export function launch(): Promise<Browser> {
  return chromium.launch({
    executablePath: executablePath ?? '',
    headless: true,
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

/** A person at a browser of their own. What the page complains about is kept: nothing may be. */
export async function person(
  browser: Browser,
  url: string,
  options: { width?: number; dark?: boolean } = {},
) {
  const context: BrowserContext = await browser.newContext({
    baseURL: url,
    viewport: { width: options.width ?? 1280, height: 800 },
    colorScheme: options.dark ? 'dark' : 'light',
    locale: 'en-GB',
    // What fades in is of another colour while it does, and would be measured then on a machine that is slow enough.
    reducedMotion: 'reduce',
  });
  const page: Page = await context.newPage();
  // Long enough for a busy machine, and shorter than a test: the step that hangs is the one that fails.
  page.setDefaultTimeout(40_000);
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    if (/Content Security Policy|TrustedHTML|Warning:/.test(message.text())) complaints.push(message.text());
  });
  return {
    page,
    context,
    complaints,
    async signIn(key: string, path = '/') {
      await page.goto(path);
      await page.getByLabel('API key').fill(key);
      await page.getByRole('button', { name: 'Sign in', exact: true }).click();
      await page.locator('[data-connection=live]').waitFor();
    },
  };
}

export type Person = Awaited<ReturnType<typeof person>>;
