import fc from 'fast-check';
import { beforeAll, expect, it } from 'vitest';
import { expireApprovalsInSession } from '../../src/approvals/expire.ts';
import { cancelSession } from '../../src/sessions/end.ts';
import { DomainError } from '../../src/kernel/errors.ts';
import { onPostgres, withDatabase } from '../support/database.ts';
import {
  everything,
  expectInvariants,
  type House,
  openHouse,
  seedTeam,
  type Team,
  verbs,
} from '../support/house.ts';
import { approvalActs } from './acts.ts';

// Commands drawn at random over a few calls of one session, one after the other and all at once from two processes. What
// must hold afterwards is said from the rows and the events alone (test/support/approval-invariants.ts): never two starts,
// no start without its quorum for exactly that digest, every hold settled or given back once.

const database = withDatabase();
let houses: House[];

beforeAll(async () => {
  houses = [openHouse(database(), database().clock)];
  houses.push(openHouse(onPostgres ? await database().replica() : database(), database().clock));
});

const kinds = [
  'request',
  'approve',
  'approve',
  'edit',
  'reject',
  'start',
  'submit',
  'change',
  'cancel',
  'wait',
  'end',
] as const;
const command = fc.record({
  kind: fc.constantFrom(...kinds),
  which: fc.nat(3),
  by: fc.constantFrom('operator', 'colleague', 'supervisor' as const),
  quorum: fc.constantFrom(1, 2),
});
type Drawn = typeof command extends fc.Arbitrary<infer T> ? T : never;

async function run(at: number, team: Team, sessionId: string, calls: string[], drawn: Drawn): Promise<void> {
  const house = houses[at % 2]!;
  const { prisma } = house.deps;
  const act = approvalActs(house, team);
  const { kind, which, by } = drawn;
  if (kind === 'request') {
    const id = await act.request(sessionId, { estimatedTokens: 10, estimatedCost: '0.1' });
    // As a configuration would have it: the row is fixed before anybody can know of it.
    if (drawn.quorum === 2)
      await prisma.approval.updateMany({
        where: { id, votes: { none: {} }, status: 'PENDING' },
        data: { requiredApprovals: 2 },
      });
    calls.push(id);
    return;
  }
  if (kind === 'end') {
    if (which === 3) await cancelSession(house.deps, team.agent, sessionId, null);
    return;
  }
  if (kind === 'wait') {
    database().clock.advance(which * 300);
    return expireApprovalsInSession(house.deps, sessionId);
  }
  const id = calls[which % Math.max(1, calls.length)];
  if (id === undefined) return;
  const answer = async () =>
    (await prisma.approval.findFirst({ where: { callId: id }, orderBy: { id: 'desc' } }))?.id ?? id;
  const target = drawn.quorum === 2 ? await answer() : id;
  switch (kind) {
    case 'approve':
      return void (await act.vote(target, {}, team[by]));
    case 'edit':
      return void (await act.vote(id, { approvedInput: { to: `${which} ${by}` } }, team[by]));
    case 'reject':
      return void (await act.vote(target, { verdict: 'REJECT', reason: 'no' }, team[by]));
    case 'change':
      return void (await act.vote(
        await answer(),
        { verdict: 'REQUEST_MODIFICATION', reason: 'again' },
        team[by],
      ));
    case 'start':
      return void (await act.begin(id));
    case 'submit':
      return void (await act.submit(id, { tokensUsed: 3, actualCost: '0.05' }));
    case 'cancel':
      return void (await act.cancel(target));
  }
}

const refused = (error: unknown) => {
  if (!(error instanceof DomainError)) throw error;
};

it.each([
  ['one after the other', false],
  ['all at once, from two processes', true],
])(
  'keeps its invariants whatever happens, %s (5.2 to 5.7)',
  async (_, together) => {
    await fc.assert(
      fc.asyncProperty(fc.array(command, { minLength: 5, maxLength: 30 }), async (commands) => {
        const team = await seedTeam(houses[0]!);
        const sessionId = await verbs(houses[0]!, team).start();
        const calls: string[] = [];
        const ask = { kind: 'request', which: 0, by: 'operator', quorum: 2 } as const;
        await run(0, team, sessionId, calls, ask);
        if (together)
          await Promise.all(commands.map((each, at) => run(at, team, sessionId, calls, each).catch(refused)));
        else
          for (const [at, each] of commands.entries())
            await run(at, team, sessionId, calls, each).catch(refused);
        await expectInvariants(houses[0]!);
        // What was voted is what the log tells, each once.
        const { votes, events } = await everything(houses[0]!);
        expect(events.filter(({ type }) => type === 'approval_voted')).toHaveLength(votes.length);
      }),
      { numRuns: 25 },
    );
  },
  240_000,
);
