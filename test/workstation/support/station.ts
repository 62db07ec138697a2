// The workstation as people have it: the built app in a browser, the whole product behind it, on either database.
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, vi } from 'vitest';
import { ADMIN_KEY, type ApiClient, clientOf, startApp, type TestApp } from '../../support/app.ts';
import { testClock } from '../../support/clock.ts';
import { withDatabase } from '../../support/database.ts';
import { makeProject, type TestWorld } from '../../support/world.ts';
import { launch, noBrowser, person, type Person } from './browser.ts';
import { builtApp } from './built.ts';
import { startWire, type Wire } from './wire.ts';

export interface Station {
  /** Of the server as it is: `restart` puts another one in its place. */
  app: TestApp;
  /** The network between the browsers and the server. */
  wire: Wire;
  browser: Browser;
  /** Of each test its own: a project with a team and a key of each role. */
  world: TestWorld;
  /** Stops the server and starts another one on the same database. */
  restart(): Promise<void>;
  /** Somebody at a browser of their own; closed after the test. What their page complained of fails it. */
  person(options?: { width?: number; dark?: boolean }): Promise<Person>;
}

/** Of a test file: everything is there within its tests. Call it inside a `describe.skipIf(noBrowser())`. */
export function withStation(): Station {
  // Browsers have the machine's time, so that the server has it too.
  const database = withDatabase({ clock: testClock(new Date()) });
  const people: Person[] = [];
  const start = async (url: string) => {
    const env = { PUBLIC_URL: url };
    const workstation = await builtApp();
    const app = await startApp({ database: database(), clock: database().clock, workstation, env });
    // A test's own calls do not go over the network that it cuts.
    return { ...app, ...clientOf(`http://127.0.0.1:${app.port}`) };
  };
  const station = {
    async person(options) {
      const made = await person(station.browser, station.wire.url, options);
      people.push(made);
      return made;
    },
    async restart() {
      await station.app.stop();
      station.app = await start(station.wire.url);
    },
  } as Station;
  if (noBrowser()) return station;
  // A page, a browser's start and a build take their time on a busy machine.
  vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });
  beforeAll(async () => {
    station.wire = await startWire(() => station.app.port);
    station.app = await start(station.wire.url);
    station.browser = await launch();
  });
  beforeEach(async () => {
    // A server that was started anew has another address.
    const ok: ApiClient['ok'] = (...said) => station.app.ok(...said);
    station.world = await makeProject({ ...station.app, ok }, ADMIN_KEY, 'Release');
  });
  afterEach(async () => {
    station.wire.away(false);
    const complaints = people.flatMap((each) => each.complaints);
    await Promise.all(people.splice(0).map(({ context }) => context.close()));
    expect(complaints).toEqual([]);
  });
  afterAll(async () => {
    await station.browser?.close();
    await station.wire?.stop();
    await station.app?.stop();
  });
  return station;
}
