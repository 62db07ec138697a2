// The server's own sign-in and its own serving of the app, in a browser that holds it to its policy.
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { makeSignInLink } from '../../src/sign-in/make-link.ts';
import { AUDIENCE, CLIENT, type Issuer, openIssuer } from '../identity/issuer.ts';
import { ADMIN_KEY, startApp, type TestApp } from '../support/app.ts';
import { testClock } from '../support/clock.ts';
import { withDatabase } from '../support/database.ts';
import { launch, noBrowser, person, type Person } from './support/browser.ts';
import { builtApp } from './support/built.ts';

describe.skipIf(noBrowser())('signing in with a browser', () => {
  // Browsers have the machine's time, so that the server has it too.
  const database = withDatabase({ clock: testClock(new Date()) });
  let app: TestApp;
  let issuer: Issuer;
  let browser: Browser;
  const people: Person[] = [];
  beforeAll(async () => {
    const { clock } = database();
    // Another name, and so another site: cookies that are Strict are not sent on the way back from it.
    issuer = await openIssuer(clock, 'localhost');
    app = await startApp({
      database: database(),
      clock,
      workstation: await builtApp(),
      env: {
        OIDC_ISSUER: issuer.issuer,
        OIDC_AUDIENCE: AUDIENCE,
        OIDC_CLIENT_ID: CLIENT.id,
        OIDC_CLIENT_SECRET: CLIENT.secret,
      },
    });
    browser = await launch();
  }, 120_000);
  afterEach(async () => {
    const complaints = people.flatMap((each) => each.complaints);
    await Promise.all(people.splice(0).map(({ context }) => context.close()));
    expect(complaints).toEqual([]);
  });
  afterAll(async () => {
    await browser?.close();
    await app?.stop();
    await issuer?.close();
  });
  const somebody = async () => {
    const made = await person(browser, app.url);
    people.push(made);
    return made;
  };
  const live = '[data-connection=live]';

  test('a one-time link signs in, once, and leaves the address (2.11)', async () => {
    const link = await makeSignInLink({ database: database(), clock: database().clock });
    const { page, context } = await somebody();
    await page.goto(`/sign-in#${link}`);
    await page.locator(live).waitFor();
    expect(page.url()).not.toContain(link);
    // No script reads the cookie.
    expect(await page.evaluate(() => document.cookie)).toBe('');
    expect((await context.cookies()).map(({ httpOnly, sameSite }) => [httpOnly, sameSite])).toEqual([
      [true, 'Strict'],
    ]);
    const second = await somebody();
    await second.page.goto(`/sign-in#${link}`);
    await second.page.getByRole('alert').waitFor();
    expect(await second.context.cookies()).toEqual([]);
  });

  test('by the issuer one comes back from another site signed in, at the page one wanted (2.13)', async () => {
    const { page, context } = await somebody();
    await page.goto('/sign-in/oidc?to=/events');
    await page.locator(live).waitFor();
    expect(page.url()).toBe(`${app.url}/events`);
    const own = await context.cookies(app.url);
    expect(own.map(({ name }) => name)).toEqual([`holdpoint-session-${app.port}`]);
    // A page of another site opens ours signed in as well: it is ours that asks who is here.
    await page.goto(`${issuer.issuer}/keys`);
    await page.evaluate((to) => window.location.assign(to), `${app.url}/inbox`);
    await page.locator(live).waitFor();
  });

  test('a session that ends elsewhere ends the page (2.10)', async () => {
    const { page, signIn } = await somebody();
    const { createApiKey } = await app.ok(
      ADMIN_KEY,
      'mutation { createApiKey(input: {name: "leaving", role: OPERATOR}) { success apiKey { id } secret } }',
    );
    await signIn(createApiKey.secret);
    await app.ok(ADMIN_KEY, 'mutation ($id: ID!) { revokeApiKey(id: $id) { success } }', {
      id: createApiKey.apiKey.id,
    });
    await page.getByLabel('API key').waitFor();
  });
});
