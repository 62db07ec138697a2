// The server's own sign-in and its own serving of the app, in a browser that holds it to its policy.
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { makeSignInLink } from '../../src/sign-in/make-link.ts';
import { AUDIENCE, CLIENT, type Issuer, openIssuer } from '../identity/issuer.ts';
import { ADMIN_KEY, startApp, type TestApp } from '../support/app.ts';
import { testClock } from '../support/clock.ts';
import { withDatabase } from '../support/database.ts';
import { axeFaults } from './support/axe.ts';
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

  const newLink = async () =>
    `/sign-in#${await makeSignInLink({ database: database(), clock: database().clock })}`;
  const form = (page: Page) => page.getByLabel('API key');
  const issuerButton = (page: Page) => page.getByRole('link', { name: 'Sign in with your organisation' });
  const used = (page: Page) => page.getByText('This link was used before');

  test('a link is forgotten once it was used: signing out tries it no more, and offers every other way', async () => {
    const { page } = await somebody();
    const tried: string[] = [];
    page.on('request', (request) => {
      if (request.method() === 'POST' && request.url().endsWith('/session'))
        tried.push(request.postData() ?? '');
    });
    await page.goto(await newLink());
    await page.locator(live).waitFor();
    await page.locator('.account summary').click();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await form(page).waitFor();
    await issuerButton(page).waitFor();
    expect(await used(page).count()).toBe(0);
    // It was their own doing, and is not told as something that befell them.
    expect(await page.getByText('You were signed out').count()).toBe(0);
    expect(tried.map((body) => Object.keys(JSON.parse(body) as object))).toEqual([['link']]);
    // Nor is it in what the browser goes back to.
    await page.reload();
    await form(page).waitFor();
    expect(tried).toHaveLength(1);
  });

  test('a link that was used says so, and every other way is there without loading the page anew', async () => {
    const link = await newLink();
    const first = await somebody();
    await first.page.goto(link);
    await first.page.locator(live).waitFor();

    const { page } = await somebody();
    await page.goto(link);
    await used(page).waitFor();
    await issuerButton(page).waitFor();
    expect(await axeFaults(page)).toEqual([]);
    await form(page).fill(ADMIN_KEY);
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await page.locator(live).waitFor();

    // Whoever was in is still in, and is told that the link did nothing.
    await first.page.goto('about:blank');
    await first.page.goto(link);
    await used(first.page).waitFor();
    expect(await axeFaults(first.page)).toEqual([]);
    await first.page.getByRole('button', { name: /^Go on as / }).click();
    await first.page.locator(live).waitFor();
  });

  test('the other ways are there also where the server was away when the link was refused', async () => {
    const { page } = await somebody();
    let away = true;
    await page.route('**/session', (route) =>
      route.request().method() === 'GET' && away ? route.abort() : route.continue(),
    );
    await page.goto('/sign-in#nonsense');
    await used(page).waitFor();
    expect(await issuerButton(page).count()).toBe(0);
    away = false;
    await issuerButton(page).waitFor();
    await used(page).waitFor();
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
