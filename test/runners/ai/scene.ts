import { afterEach, beforeAll, beforeEach, expect } from 'vitest';
import { respondToApproval, type RespondInput } from '../../../src/approvals/respond.ts';
import { callOf } from '../../../src/approvals/proposal.ts';
import type { Approval, Session } from '../../../src/generated/prisma/client.ts';
import type { JsonObject } from '../../../src/kernel/json.ts';
import { type AiRunnerOptions, createAiRunner } from '../../../src/runners/ai/runner.ts';
import type { GatedCall } from '../../../src/runners/runner.ts';
import { withDatabase } from '../../support/database.ts';
import { until } from '../../support/until.ts';
import { openHouse, type RunnerHouse } from '../house.ts';
import { attended } from './attended.ts';
import {
  API_KEY,
  type ChatRequest,
  type Reply,
  startModel,
  startTools,
  type TestModel,
  type TestTools,
  type ToolReply,
  type ToolRequest,
} from './endpoints.ts';

/** Dollars for a million tokens. */
export const PRICES = { m: { input: '2.5', output: '10' } };

/** An approval, and what was proposed. */
type Waiting = Omit<Approval, 'proposal'> & { proposal: JsonObject };

/** A house with an ai runner in it, the endpoint and the tools that it reaches, anew for each test. */
export interface Scene {
  readonly house: RunnerHouse;
  /** Another worker on the same database, which drives the same sessions from now on. */
  beside(): Promise<RunnerHouse>;
  readonly model: TestModel;
  readonly tools: TestTools;
  /** What the model answers, and the tools. */
  reply: (request: ChatRequest, nth: number) => Reply;
  act: (request: ToolRequest) => ToolReply | Promise<ToolReply>;
  /** Which calls are approved the moment that they are asked for, and their answers with them; none at first. */
  attends: (call: GatedCall) => boolean;
  readonly clock: ReturnType<ReturnType<typeof withDatabase>>['clock'];
  agent(more?: JsonObject): { agent: JsonObject };
  tool(name: string, more?: JsonObject): JsonObject;
  start(context?: JsonObject): Promise<string>;
  session(id: string): Promise<Session>;
  ends(id: string, status: 'COMPLETED' | 'FAILED'): Promise<Session>;
  approvals(id: string): Promise<Approval[]>;
  /** The approval that waits for people, once there is one. */
  waiting(id: string): Promise<Waiting>;
  vote(id: string, input?: Partial<RespondInput>): Promise<unknown>;
  /** Votes on what waits, and resolves with it. */
  decide(id: string, input?: Partial<RespondInput>): Promise<Waiting>;
  said(id: string): Promise<string[]>;
  spent(id: string): Promise<[tokens: number, cost: string][]>;
}

export function withScene(options: Partial<AiRunnerOptions> = {}): () => Scene {
  const database = withDatabase();
  let scene: Scene;
  const others: RunnerHouse[] = [];
  // Loaded with the first call otherwise, which then has little of its time left on a busy machine.
  beforeAll(() => import('../../../src/runners/ai/endpoint.ts'), 60_000);
  beforeEach(async () => {
    const { clock } = database();
    const model = await startModel((request, nth) => scene.reply(request, nth));
    const tools = await startTools((request) => scene.act(request));
    const runner = createAiRunner(clock, {
      baseUrl: model.baseUrl,
      apiKey: API_KEY,
      prices: PRICES,
      allowPrivate: true,
      ...options,
    });
    const runners = [
      attended(
        runner,
        (call) => scene.attends(call),
        () => house,
      ),
    ];
    const house = await openHouse({ database: database(), clock, runners });
    const { prisma } = house.deps;
    const approvals = (id: string) =>
      prisma.approval.findMany({ where: { sessionId: id }, orderBy: { id: 'asc' } });
    const session = (id: string) => prisma.session.findUniqueOrThrow({ where: { id } });
    const vote = (id: string, input: Partial<RespondInput> = {}) =>
      respondToApproval(house.deps, house.person, id, { verdict: 'APPROVE', ...input });
    const unattended = async (id: string) => {
      const all = await approvals(id);
      const isAttended = ({ id: own, callId }: (typeof all)[number]) => {
        const { proposedAction, inputData } = callOf(all.find((each) => each.id === (callId ?? own))!);
        return scene.attends({ agentName: '', action: proposedAction, input: inputData });
      };
      return all.find((each) => each.status === 'PENDING' && !isAttended(each));
    };
    const waiting = async (id: string) => {
      await until('an approval to wait', async () => (await unattended(id)) !== undefined);
      return (await unattended(id)) as Waiting;
    };
    scene = {
      house,
      async beside() {
        const another = await openHouse({ database: database(), clock, runners, beside: house });
        others.push(another);
        await another.worker.start();
        return another;
      },
      model,
      tools,
      clock,
      reply: () => ({ text: 'done' }),
      act: ({ input }) => ({ body: { did: input } }),
      attends: () => false,
      agent: (more = {}) => ({ agent: { name: 'worker', model: 'm', instructions: 'Do it.', ...more } }),
      tool: (name, more = {}) => ({
        name,
        description: `Does ${name}`,
        parameters: { type: 'object', properties: { to: { type: 'string' } }, required: ['to'] },
        url: `${tools.url}/${name}`,
        ...more,
      }),
      start: (context) => house.start('ai', context ?? scene.agent()),
      session,
      async ends(id, status) {
        await until(`the session to be ${status}`, async () =>
          ['COMPLETED', 'FAILED'].includes((await session(id)).status),
        );
        const found = await session(id);
        expect([found.status, status === 'FAILED' || found.failureReason === null]).toEqual([status, true]);
        return found;
      },
      approvals,
      waiting,
      vote,
      async decide(id, input) {
        const found = await waiting(id);
        await vote(found.id, input);
        return found;
      },
      async said(id) {
        const turns = await prisma.conversationTurn.findMany({
          where: { sessionId: id },
          orderBy: { id: 'asc' },
        });
        return turns.map(({ agentName, response }) => `${agentName}: ${response}`);
      },
      async spent(id) {
        const calls = (await approvals(id)).map((each) => each.id);
        const reservations = await prisma.budgetReservation.findMany({
          where: { approvalId: { in: calls } },
          orderBy: { id: 'asc' },
        });
        return reservations.map(({ committedTokens, committedCost }) => [
          Number(committedTokens),
          String(committedCost),
        ]);
      },
    };
    await house.worker.start();
  });
  afterEach(async () => {
    for (const each of [scene.house, ...others.splice(0)]) await each.close();
    await scene.model.close();
    await scene.tools.close();
  });
  return () => scene;
}
