// A server process that is killed between the sending of a decision and its answer, and started anew on what it left.
import { fileURLToPath } from 'node:url';
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { ADMIN_KEY, type ApiClient } from '../support/app.ts';
import { makePlace, type Place } from '../support/place.ts';
import { type ServerProcess, spawnServer } from '../support/server-process.ts';
import { makeProject } from '../support/world.ts';
import { launch, noBrowser, person, type Person } from './support/browser.ts';
import { builtApp } from './support/built.ts';
import { type Moment, startWire, type Wire } from './support/wire.ts';

const program = fileURLToPath(new URL('./processes/server.ts', import.meta.url));

describe.skipIf(noBrowser())('kill -9 while a decision is on its way', () => {
  // Two starts of a process, the first of which makes its database, where others keep the machine busy.
  vi.setConfig({ testTimeout: 400_000, hookTimeout: 120_000 });
  let place: Place;
  let wire: Wire;
  let browser: Browser;
  let folder: string;
  let server: ServerProcess;
  let port = 0;
  let ada: Person | undefined;
  const start = async (): Promise<ApiClient> => {
    const env = { ...place.env, ADMIN_API_KEY: ADMIN_KEY, PUBLIC_URL: wire.url };
    server = spawnServer(env, [program, folder]);
    const api = await server.ready();
    port = Number(new URL(api.url).port);
    return api;
  };
  beforeAll(async () => {
    wire = await startWire(() => port);
    place = await makePlace();
    folder = await builtApp();
    browser = await launch();
  });
  afterEach(async () => {
    await ada?.context.close();
    ada = undefined;
    await server?.kill();
  });
  afterAll(async () => {
    await browser?.close();
    await wire?.stop();
    await place?.remove();
  });

  /** How the request stands in the database, and how often its answer is in the log: while no process has it. */
  const leftBehind = async (id: string) => {
    const database = await place.open();
    try {
      const { status } = await database.prisma.intervention.findUniqueOrThrow({ where: { id } });
      const about = { subjectId: id, type: 'intervention_resolved' };
      const sealed = await database.prisma.event.count({ where: about });
      const unsealed = await database.prisma.unsealedEvent.count({ where: about });
      return { status, answers: sealed + unsealed };
    } finally {
      await database.close();
    }
  };

  // Where it was killed is seen in what it left; amid its work it may have come to either.
  test.each<[Moment, { status: string; answers: number } | null]>([
    ['sent', { status: 'PENDING', answers: 0 }],
    ['received', null],
    ['answered', { status: 'RESOLVED', answers: 1 }],
  ])(
    '(1.8, 11.1) %s: the page says that it waits, and shows it done; it lands once',
    async (moment, left) => {
      const project = await makeProject(await start(), ADMIN_KEY, 'Killed');
      const id = await project.ask();
      ada = await person(browser, wire.url);
      const { page, complaints } = ada;
      await ada.signIn(project.keys.OPERATOR);
      await page.goto(`/inbox?item=${id}`);
      await page.locator(`[data-panel=${id}] .answer[data-ready=true]`).waitFor();
      const decision = (state: string) => page.locator(`[data-decision=${id}][data-state=${state}]`);

      const killed = wire.once('resolveIntervention', moment, () => server.kill());
      await page.keyboard.press('a');
      expect(await killed).toEqual({ code: null, signal: 'SIGKILL' });
      await decision('waiting').waitFor();
      await page.locator('[data-connection=lost]').waitFor();
      const found = await leftBehind(id);
      if (left !== null) expect(found).toEqual(left);
      expect(await decision('waiting').count()).toBe(1);

      const api = await start();
      await decision('done').waitFor();
      await page.locator('[data-connection=live]').waitFor();
      await page.getByText('Nothing waits for a decision.').waitFor();
      expect(await page.locator('[data-decision]').count()).toBe(1);
      const { intervention, events } = await api.ok(
        project.keys.OPERATOR,
        `query($id: ID!) {
        intervention(id: $id) { status resolution humanResponse { respondedBy { name } } }
        events(filter: {subjectId: $id, types: ["intervention_resolved"]}, first: 9) { nodes { id } }
      }`,
        { id },
      );
      expect(intervention).toEqual({
        status: 'RESOLVED',
        resolution: 'APPROVED',
        humanResponse: { respondedBy: { name: 'OPERATOR' } },
      });
      expect(events.nodes).toHaveLength(1);
      expect(complaints).toEqual([]);
      await server.kill();
      expect(await leftBehind(id)).toEqual({ status: 'RESOLVED', answers: 1 });
    },
  );
});
