import { expect, test } from 'vitest';
import type { JsonObject } from '../../../src/kernel/json.ts';
import { responseOf } from '../../../src/approvals/proposal.ts';
import { type Reply, toldOf } from './endpoints.ts';
import { withScene } from './scene.ts';

// What endpoints and tools may say that nobody could keep, or believe.

const scene = withScene();
const fine: Reply = { text: 'fine', usage: [1, 1] };

/** Ends with "fine" where the model is asked once more after its first reply; the answers that people were shown. */
async function afterwards(reply: Reply, more: JsonObject = {}) {
  scene().attends = () => true;
  scene().reply = (_, nth) => (nth === 1 ? reply : fine);
  const id = await scene().start(scene().agent({ tools: [scene().tool('look', open)], ...more }));
  expect((await scene().ends(id, 'COMPLETED')).result).toBe('fine');
  expect(scene().model.requests).toHaveLength(2);
  const shown = (await scene().approvals(id)).filter(({ callId }) => callId !== null);
  return { answers: shown.map((each) => responseOf(each).response), spent: await scene().spent(id) };
}

const open = { parameters: { type: 'object' } };
const chunk = (delta: string, finish = 'null') =>
  `data: {"id":"c","choices":[{"index":0,"delta":${delta},"finish_reason":${finish}}]}`;
const spoken = (usage: string) => [
  chunk('{"content":"hello"}'),
  chunk('{}', '"stop"'),
  `data: {"id":"c","choices":[],"usage":${usage}}`,
  'data: [DONE]',
];
const arrays = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);

test.each([
  ['below 0', '{"prompt_tokens":-5,"completion_tokens":7}'],
  ['part of a token', '{"prompt_tokens":1.5,"completion_tokens":0.25}'],
  ['more than any budget has', '{"prompt_tokens":3000000000,"completion_tokens":1}'],
  ['nearly as many as there are', '{"prompt_tokens":1e300,"completion_tokens":1}'],
])('an endpoint that counts %s is not believed: bytes count', async (_, usage) => {
  scene().attends = () => true;
  scene().reply = () => ({ raw: spoken(usage) });
  const id = await scene().start();
  expect((await scene().ends(id, 'COMPLETED')).result).toBe('hello');
  const [[tokens, cost]] = (await scene().spent(id)) as [[number, string]];
  expect(tokens).toBeGreaterThan(100);
  expect(tokens).toBeLessThan(4_000);
  expect(Number(cost)).toBeGreaterThan(0);
});

test.each<[string, Reply, RegExp]>([
  ['a NUL', { text: 'a\0b', usage: [5, 2] }, /holds a NUL character/],
  [
    'half a character',
    { raw: [chunk(String.raw`{"content":"a\ud800b"}`), chunk('{}', '"stop"')] },
    /holds a lone surrogate/,
  ],
  ['a key with a NUL', { tools: [['look', { 'a\0b': 1 }]] }, /holds a NUL character/],
  [
    'a number that no double holds',
    { tools: [['look', '{"to":1e999}']] },
    /holds a number that is too large/,
  ],
  ['arguments too deep to be shown', { tools: [['look', `{"to":${arrays(200)}}`]] }, /at most 64 levels/],
  ['more than can be shown', { text: '\u0001'.repeat(100_000) }, /at most 262144 bytes/],
])(
  'an answer that has %s has failed, was paid for, and is asked for anew (10.2)',
  async (_, reply, error) => {
    const { answers, spent } = await afterwards(reply);
    expect(answers).toMatchObject([{ error: expect.stringMatching(error) }, { text: 'fine' }]);
    expect(spent[0]![0]).toBeGreaterThan(0);
  },
);

test('an answer is too long by its bytes, whatever its characters', async () => {
  const { answers } = await afterwards({ text: '\u6f22'.repeat(60_000) });
  expect(answers).toMatchObject([{ error: "the model's answer is longer than 131072 bytes" }, {}]);
});

test('a model whose every answer has a NUL fails the session, in words that are nobody’s statements (10.4)', async () => {
  scene().attends = () => true;
  scene().reply = () => ({ text: 'a\0b' });
  const id = await scene().start();
  expect((await scene().ends(id, 'FAILED')).failureReason).toBe(
    "the model gave no answer to use in 8 attempts: the answer can't be kept: answer.response.text holds a NUL character.",
  );
});

test.each<[string, string | JsonObject, number, RegExp]>([
  ['a NUL', '"a\\u0000b"', 200, /^the answer can't be kept: answer.response holds a NUL/],
  ['half a character', '"a\\ud800b"', 200, /holds a lone surrogate/],
  ['a number that no double holds', '{"a":1e999}', 200, /too large/],
  ['more levels than can be shown', arrays(200), 200, /at most 64 levels/],
  ['a failure with a NUL in it', 'a\0b', 500, /^the tool answered 500: a\ufffdb/],
])('a tool that answers %s is told to the model as an error', async (_, body, status, error) => {
  scene().attends = () => true;
  scene().act = () => ({ body, status, headers: { 'holdpoint-tokens': '7' } });
  scene().reply = (request, nth) =>
    nth === 1
      ? { tools: [['look', { to: 'a' }]] }
      : { tools: [['finish', { result: toldOf(request)[0]!.response! }]] };
  const id = await scene().start(scene().agent({ tools: [scene().tool('look', { ...open, tokens: 5 })] }));
  const { result } = await scene().ends(id, 'COMPLETED');
  expect(result).toEqual({ error: expect.stringMatching(error) });
  expect((await scene().spent(id))[1]![0]).toBe(status === 200 ? 7 : 5);
});

test('options that have one id are the model’s to mend: it is told so, and nobody is asked', async () => {
  scene().attends = () => true;
  const option = { id: 'a', label: 'A' };
  scene().reply = (request, nth) =>
    nth === 1
      ? { tools: [['ask_human', { message: 'which?', options: [option, option] }]] }
      : { tools: [['finish', { result: toldOf(request)[0]! }]] };
  const id = await scene().start();
  expect((await scene().ends(id, 'COMPLETED')).result).toEqual({
    status: 'not_made',
    reason: 'the option id "a" is repeated',
  });
});

test('a refusal that is cut in the middle of a character still ends the session', async () => {
  scene().attends = () => true;
  scene().reply = () => ({ refusal: 'x'.repeat(1_981) + '\u{1f600}'.repeat(50) });
  const id = await scene().start();
  expect((await scene().ends(id, 'FAILED')).failureReason).toMatch(/^the model refused: x+/);
});
