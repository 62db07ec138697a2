import { afterAll, beforeAll, expect, it } from 'vitest';
import { resolveIntervention } from '../../src/interventions/resolve.ts';
import { isToken } from '../../src/privacy/tokens.ts';
import type { Turn } from '../../src/runners/runner.ts';
import { noEnvironment } from '../../src/supervision/from-environment.ts';
import { updateSupervision } from '../../src/supervision/update.ts';
import { openHouse, type RunnerHouse } from '../runners/house.ts';
import { withDatabase } from '../support/database.ts';
import { until } from '../support/until.ts';

const database = withDatabase();
let house: RunnerHouse;
let drive: (turn: Turn) => Promise<void>;

beforeAll(async () => {
  const { clock } = database();
  const runners = [{ name: 'within', replay: 'safe' as const, drive: (turn: Turn) => drive(turn) }];
  house = await openHouse({ database: database(), clock, runners });
  const admin = { ...house.person, role: 'ADMIN' as const };
  const yaml = JSON.stringify({ human_supervision: { privacy: { sensitive_paths: ['context.customer'] } } });
  const deps = { ...house.deps, database: database(), supervisionEnvironment: noEnvironment, committed() {} };
  await updateSupervision(deps, admin, house.teamId, yaml);
});
afterAll(() => house.close());

const session = (id: string) => house.deps.prisma.session.findUniqueOrThrow({ where: { id } });
const completed = async (id: string) => {
  await house.worker.driver.drive(id);
  await until('it to be completed', async () => (await session(id)).status === 'COMPLETED');
};
const customer = { name: 'Ilse Aigner', account: 61_234_567 };

it('what a runner is shown of what is sensitive is masked wherever it says it again (8.8)', async () => {
  const seen: Turn[] = [];
  drive = async (turn) => {
    seen.push(turn);
    if (!turn.start) return turn.desk.complete({ called: customer.name });
    await turn.desk.say('greet', {
      agentName: 'ada',
      input: `Prompt: ${JSON.stringify(turn.session.context)}`,
      response: 'hello',
    });
    await turn.desk.save({ v: 1, called: turn.session.context.customer as object as never });
    await turn.desk.ask('go', { agentName: 'ada', type: 'DECISION', message: `Call ${customer.name}?` });
  };
  const id = await house.start('within', { customer });
  await house.worker.driver.drive(id);
  await until('it to have asked', async () => (await session(id)).status === 'WAITING_FOR_HUMAN');
  const asked = await house.deps.prisma.intervention.findFirstOrThrow({ where: { sessionId: id } });
  expect(asked.message).toMatch(/^Call \[masked:\w{26}\]\?$/);
  await resolveIntervention(house.deps, house.person, asked.id, { resolutionType: 'APPROVE' });
  await completed(id);
  expect(seen.at(-1)!.state).toEqual({ v: 1, called: customer });
  const { prisma } = house.deps;
  const stored = JSON.stringify([
    await session(id),
    await prisma.intervention.findMany(),
    await prisma.conversationTurn.findMany(),
    (await prisma.event.findMany()).map(({ data }) => data),
    (await prisma.unsealedEvent.findMany()).map(({ data }) => data),
  ]);
  for (const word of ['Ilse', '61234567']) expect(stored.includes(word), word).toBe(false);
});

it('a mask of another session stays one for a runner, whoever put it there (8.8)', async () => {
  drive = ({ desk }) => desk.complete();
  const other = await house.start('within', { customer });
  await completed(other);
  const { customer: mask } = (await session(other)).context as { customer: string };
  expect(isToken(mask)).toBe(true);
  let shown: unknown = null;
  drive = async ({ session: { context }, desk }) => {
    shown = context.note;
    await desk.complete();
  };
  await completed(await house.start('within', { note: `spell ${mask}` }));
  expect(shown).toBe(`spell ${mask}`);
});
