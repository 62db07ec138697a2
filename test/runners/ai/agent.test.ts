import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../../src/kernel/json.ts';
import { readAgents } from '../../../src/runners/ai/agent.ts';
import { costOf, tokensOf } from '../../../src/runners/ai/prices.ts';
import { patched } from '../../../src/runners/ai/take-tool.ts';
import { createSession } from '../../../src/sessions/start.ts';
import { toldOf } from './endpoints.ts';
import { PRICES, withScene } from './scene.ts';

const tool = {
  name: 'look',
  description: 'Looks',
  parameters: { type: 'object' },
  url: 'https://tools.example.com/look',
};
const agent = { model: 'm', instructions: 'Do it.' };
const faultsOf = (context: JsonObject, allowPrivate = false) => {
  const read = readAgents(context, { prices: PRICES, allowPrivate });
  return 'faults' in read ? read.faults : [];
};

describe('context.agent', () => {
  test('has what it needs in a model and instructions', () => {
    expect(readAgents({ agent }, { prices: PRICES, allowPrivate: false })).toEqual({
      agents: [{ ...agent, name: 'agent', tools: [], steps: 20, outputTokens: 4_096, seconds: 120 }],
    });
  });

  test('(3.4) tells every fault at once, each with its path', () => {
    const given = {
      name: '1st',
      model: '',
      instructions: 'x'.repeat(20_001),
      steps: 0,
      seconds: 601,
      more: 1,
      tools: [
        { ...tool, name: 'a b', cost: '1e9' },
        { ...tool, name: 'finish' },
        { ...tool, parameters: { type: 'text' } },
        { ...tool, parameters: { type: 'object', properties: { a: { pattern: '(' } } } },
        { ...tool, url: 'https://me:secret@tools.example.com' },
        { ...tool, url: 'file:///etc/passwd' },
        { ...tool, url: 'http://127.0.0.1/' },
      ],
    };
    const paths = faultsOf({ agent: given }).map((fault) => fault.split(' ')[0]);
    expect(new Set(paths)).toEqual(
      new Set([
        'context.agent.name',
        'context.agent.model',
        'context.agent.instructions',
        'context.agent.steps',
        'context.agent.seconds',
        'context.agent',
        'context.agent.tools.0.name',
        'context.agent.tools.0.cost',
        'context.agent.tools.1.name',
        'context.agent.tools.2.parameters',
        'context.agent.tools.3.parameters',
        'context.agent.tools.4.url',
        'context.agent.tools.5.url',
        'context.agent.tools.6.url',
        'context.agent.tools',
      ]),
    );
  });

  test.each<[string, JsonObject, string]>([
    ['no agent', {}, 'the context needs agent or agents'],
    ['both', { agent, agents: [agent] }, 'the context needs agent or agents'],
    ['nobody', { agents: [] }, 'context.agents'],
    ['two of one name', { agents: [agent, agent] }, 'context.agents has two agents called "agent"'],
    ['two tools of one name', { agent: { ...agent, tools: [tool, tool] } }, 'has two tools called "look"'],
    [
      'a model without a price',
      { agent: { ...agent, model: 'x' } },
      'context.agent.model "x" has no price in AI_PRICES',
    ],
    [
      'more than is kept with a session',
      {
        agents: Array.from({ length: 9 }, (_, n) => ({
          ...agent,
          name: `a${n}`,
          instructions: 'x'.repeat(11_000),
        })),
      },
      'must have at most 98304 bytes',
    ],
  ])('with %s is a fault', (_, context, fault) => {
    expect(faultsOf(context).join('; ')).toContain(fault);
  });

  test('without a price is none where it brings an estimate', () => {
    expect(faultsOf({ agent: { ...agent, model: 'x', estimate: { tokens: 9, cost: '0.01' } } })).toEqual([]);
  });

  test.each([
    'http://127.0.0.1/x',
    'http://[::1]/x',
    'http://10.1.2.3/x',
    'http://169.254.169.254/latest',
    'http://0/x',
  ])('with a tool at the private address %s is a fault, unless the server allows it', (url) => {
    const context = { agent: { ...agent, tools: [{ ...tool, url }] } };
    expect(faultsOf(context)).toEqual([
      'context.agent.tools.0.url is a private address (ALLOW_PRIVATE_ADDRESSES)',
    ]);
    expect(faultsOf(context, true)).toEqual([]);
  });
});

describe('without ALLOW_PRIVATE_ADDRESSES', () => {
  const scene = withScene({ allowPrivate: false });

  test('a session with such a tool is not started', async () => {
    const { deps, person, teamId } = scene().house;
    const context = scene().agent({ tools: [scene().tool('look')] });
    await expect(
      createSession(deps, person, { teamId, initialMessage: 'Go', runner: 'ai', context }),
    ).rejects.toMatchObject({
      errors: [
        { code: 'INVALID_INPUT', path: ['context'], message: expect.stringContaining('private address') },
      ],
    });
  });

  test('a name that leads to a private address is not connected to', async () => {
    scene().attends = () => true;
    scene().reply = (request, nth) =>
      nth === 1 ? { tools: [['look', { to: 'x' }]] } : { tools: [['finish', { result: toldOf(request) }]] };
    const url = scene().tools.url.replace('127.0.0.1', 'localhost');
    const id = await scene().start(scene().agent({ tools: [scene().tool('look', { url })] }));
    expect((await scene().ends(id, 'COMPLETED')).result).toEqual([
      { status: 'done', response: { error: 'the address of the tool is a private one' } },
    ]);
    expect(scene().tools.requests).toEqual([]);
  });
});

test.each([
  [{ input: '2.5', output: '10' }, { input: 1_000_000, output: 1_000_000 }, '12.5000'],
  [{ input: '2.5', output: '10' }, { input: 1, output: 0 }, '0.0001'],
  [{ input: '0.0001', output: '0' }, { input: 1_000_001, output: 5 }, '0.0002'],
  [{ input: '15', output: '75' }, { input: 40_000, output: 3 }, '0.6003'],
  [{ input: '0', output: '0' }, { input: 9, output: 9 }, '0.0000'],
])('costs of %j for %j are %s, rounded up', (price, tokens, cost) => {
  expect(costOf(price, tokens)).toBe(cost);
});

test('tokens are estimated by bytes, three each', () => {
  expect([tokensOf(''), tokensOf('abc'), tokensOf('abcd'), tokensOf('日本')]).toEqual([0, 1, 2, 2]);
});

test.each([
  [{ a: 1, b: { c: 2 } }, { b: { c: null, d: [1] } }, { a: 1, b: { d: [1] } }],
  ['text', { a: 1 }, { a: 1 }],
  [{ a: 1 }, 'text', 'text'],
  [{ a: 1 }, null, null],
  [[1, 2], [3], [3]],
])('%j with the wish %j is %j', (value, patch, result) => {
  expect(patched(value, patch)).toEqual(result);
});

test('a wish with a key that is a prototype’s changes no prototype', () => {
  const patch = JSON.parse('{"__proto__": {"polluted": true}}') as JsonObject;
  patched({}, patch);
  expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
});
