import fc from 'fast-check';
import { beforeAll, expect, it } from 'vitest';
import { lines } from '../../src/budgets/rules.ts';
import { reviveBudget } from '../../src/budgets/state.ts';
import { selectBudget } from '../../src/budgets/book.ts';
import { DomainError } from '../../src/kernel/errors.ts';
import { onPostgres, withDatabase } from '../support/database.ts';
import { openHouse, seedTeam, type Team } from '../support/house.ts';
import { expectBalanced, openTill, tellers, type Till } from './support.ts';

// Moves drawn at random on one small budget, many at once, from two processes. What must hold is said from the rows and
// from the answers alone.

const database = withDatabase();
let tills: Till[];

beforeAll(async () => {
  const { clock } = database();
  tills = [
    openTill(database(), clock),
    openTill(onPostgres ? await database().replica() : database(), clock),
  ];
});

const LIMIT = 100;
const kinds = [
  'reserve',
  'reserve',
  'reserve',
  'commit',
  'commit over',
  'release',
  'sweep',
  'limit',
] as const;
const move = fc.record({
  kind: fc.constantFrom(...kinds),
  tokens: fc.nat(60),
  which: fc.nat(7),
  ttl: fc.constantFrom(1, 60, 3600),
});
type Move = typeof move extends fc.Arbitrary<infer T> ? T : never;
/** What happens at once, and the seconds that pass then: now and then a day ends. */
const round = fc.record({
  moves: fc.array(move, { minLength: 1, maxLength: 12 }),
  wait: fc.constantFrom(0, 0, 1, 60, 40_000),
});

const stateOf = async (projectId: string) => {
  const [row] = await database().query<Record<string, unknown>>({
    text: `SELECT ${selectBudget} FROM budgets b WHERE b.project_id = $1`,
    values: [projectId],
  });
  return reviveBudget(row!);
};

async function play(
  team: Team,
  made: string[],
  { kind, tokens, which, ttl }: Move,
  at: number,
): Promise<string> {
  const act = tellers(tills[at % 2]!, team);
  const id = made[which % Math.max(made.length, 1)] ?? 'reservation_none';
  const cost = `0.${String(tokens).padStart(4, '0')}`;
  const steps: Record<Move['kind'], () => Promise<unknown>> = {
    reserve: async () => made.push((await act.reserve(tokens, cost, { ttlSeconds: ttl })).reservation.id),
    commit: () => act.commit(id, Math.min(tokens, 5), '0'),
    'commit over': () => act.commit(id, tokens * 2, cost),
    release: () => act.release(id),
    sweep: () => act.sweep(),
    limit: () => act.limit({ dailyTokens: LIMIT + (tokens % 3) * 10 }),
  };
  try {
    await steps[kind]();
    return 'granted';
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    return error.code;
  }
}

it('whatever happens at once, columns are the sum of the rows, used is what was committed, and no unit is lost (6.2, 6.3)', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(round, { minLength: 1, maxLength: 5 }), async (rounds) => {
      const team = await seedTeam(openHouse(database(), database().clock));
      await tellers(tills[0]!, team).limit({ dailyTokens: LIMIT });
      const made: string[] = [];
      for (const { moves, wait } of rounds) {
        await Promise.all(moves.map((each, at) => play(team, made, each, at)));
        await expectBalanced(tills[0]!, team.projectId);
        // What was granted since fits beside what is used, unless a commit or a limit has gone past.
        const state = await stateOf(team.projectId);
        const spent = await database().prisma.budgetReservation.aggregate({
          where: { projectId: team.projectId, status: 'COMMITTED' },
          _sum: { committedTokens: true },
        });
        expect(state.tokens.monthly.used).toBe(BigInt(spent._sum.committedTokens ?? 0));
        for (const { reserved, used } of lines(state)) expect(reserved >= 0n && used >= 0n).toBe(true);
        database().clock.advance(wait);
      }
      await tellers(tills[0]!, team).sweep();
      await expectBalanced(tills[0]!, team.projectId);
    }),
    { numRuns: onPostgres ? 40 : 25 },
  );
}, 120_000);

it('reservations at once take no unit too many, and are not refused while there is room for them (6.2)', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(60), { minLength: 2, maxLength: 40 }), async (sizes) => {
      const team = await seedTeam(openHouse(database(), database().clock));
      await tellers(tills[0]!, team).limit({ dailyTokens: LIMIT });
      const results = await Promise.allSettled(
        sizes.map((tokens, at) => tellers(tills[at % 2]!, team).reserve(tokens, '0')),
      );
      const granted = sizes
        .filter((_, at) => results[at]!.status === 'fulfilled')
        .reduce((sum, size) => sum + size, 0);
      const refused = sizes.filter((_, at) => results[at]!.status === 'rejected');
      expect(granted).toBeLessThanOrEqual(LIMIT);
      expect((await stateOf(team.projectId)).tokens.reserved).toBe(BigInt(granted));
      // Nothing was given back: what did not fit into what is left now did not fit then.
      for (const size of refused) expect(granted + size).toBeGreaterThan(LIMIT);
      await expectBalanced(tills[0]!, team.projectId);
    }),
    { numRuns: onPostgres ? 40 : 25 },
  );
}, 120_000);
