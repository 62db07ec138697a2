import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Asking, Message } from '../../src/notifications/channel.ts';
import { createSlack } from '../../src/notifications/slack.ts';
import { blocksOf, escaped, fits } from '../../src/notifications/slack-blocks.ts';
import { message } from '../conformance/channels.ts';
import { testClock } from '../support/clock.ts';
import { buttonsOf, openSlack, refusing, type Slack, TOKEN } from './slack-api.ts';

const choices = (count: number, more: Partial<Asking['choices'][number]> = {}) =>
  Array.from({ length: count }, (_, at) => ({ label: `Choice ${at}`, value: `${at}`, style: null, ...more }));
const asking = (more: Partial<Asking> = {}): Asking => ({
  choices: choices(2),
  reason: null,
  shown: null,
  outcome: null,
  ...more,
});
const blocks = (more: Partial<Message>, buttons = true): any[] => blocksOf(message(more), { buttons });
/** Block Kit's bounds, as Slack counts: after escaping. */
function withinBounds(all: any[]): void {
  expect(all.length).toBeLessThanOrEqual(50);
  for (const { type, text, label, elements = [] } of all) {
    const most: Record<string, number> = { header: 150, section: 3_000 };
    if (text !== undefined) expect([...text.text].length).toBeLessThanOrEqual(most[type]!);
    if (label !== undefined) expect(label.text.length).toBeLessThanOrEqual(2_000);
    expect(elements.length).toBeLessThanOrEqual(25);
    for (const { text: label_, value = '', action_id } of elements) {
      expect(label_.text.length).toBeLessThanOrEqual(75);
      expect(value.length).toBeLessThanOrEqual(2_000);
      expect(action_id.length).toBeLessThanOrEqual(255);
    }
  }
  const ids = buttonsOf(all).map(({ action_id }) => action_id);
  expect(new Set(ids).size).toBe(ids.length);
}

describe('blocks', () => {
  test.each([
    ['short', { asking: asking() }],
    ['empty', { subject: '', text: ' \n ', asking: asking({ choices: choices(1, { label: ' ' }) }) }],
    ['as long as can be', { subject: 'é'.repeat(200), text: '<'.repeat(20_000), asking: asking() }],
    ['with controls in a label', { asking: asking({ choices: choices(1, { label: 'a\u202eb\u0000' }) }) }],
    [
      'with all that may be there',
      {
        asking: asking({
          reason: 'Reason',
          shown: { title: 'Input', text: '&'.repeat(600) },
          outcome: 'x'.repeat(5_000),
        }),
      },
    ],
    [
      'with 50 choices of long names',
      { asking: asking({ choices: choices(50, { label: '🛑>'.repeat(500) }) }) },
    ],
  ] as [string, Partial<Message>][])('keep to Block Kit’s bounds: %s', (_, more) => {
    const all = blocks(more);
    withinBounds(all);
    for (const { text } of all) if (text) expect(text.text).not.toBe('');
    expect(JSON.stringify(all)).not.toMatch(/[<>\u202e]|\\u0000|mrkdwn/);
  });

  test('have buttons where clicks are heard, and always a link', () => {
    const ids = (all: any[]) => buttonsOf(all).map(({ action_id }) => action_id);
    expect(ids(blocks({ asking: asking() }))).toEqual(['choose_0', 'choose_1', 'open']);
    const shown = { title: 'Input', text: '{}' };
    const quiet = blocks({ asking: asking({ reason: 'Reason', shown }) }, false);
    expect(ids(quiet)).toEqual(['open']);
    expect(JSON.stringify(quiet)).not.toMatch(/Input|Reason/);
    expect(ids(blocks({ asking: null }))).toEqual(['open']);
    // Nobody chooses by what was cut off.
    expect(ids(blocks({ text: 'x'.repeat(3_001), asking: asking() }))).toEqual(['open']);
    expect(ids(blocks({ asking: asking({ choices: [], outcome: 'APPROVED' }) }))).toEqual(['open']);
  });

  test.each([
    ['a&b<c>d', 100, 'a&amp;b&lt;c&gt;d'],
    ['abc', 3, 'abc'],
    ['abcd', 3, 'ab…'],
    // No escape is cut in two.
    ['a&b', 5, 'a…'],
    ['&&', 10, '&amp;&amp;'],
    ['&&', 9, '&amp;…'],
    ['🛑🛑', 4, '🛑🛑'],
    ['🛑🛑', 3, '🛑…'],
  ])('escape %j to at most %i', (text, most, expected) => {
    expect(escaped(text, most)).toBe(expected);
  });

  test('show a text whole or not at all', () => {
    expect([fits('x'.repeat(3_000)), fits('x'.repeat(3_001)), fits('<'.repeat(751)), fits('…')]).toEqual([
      true,
      false,
      false,
      true,
    ]);
  });
});

describe('Slack’s codes', () => {
  let slack: Slack;
  beforeEach(async () => {
    slack = await openSlack();
  });
  afterEach(() => slack.close());
  const send = (more: Partial<Message> = {}) =>
    createSlack({
      clock: testClock(),
      app: { token: TOKEN, apiUrl: slack.url, buttons: true },
      allowPrivate: false,
    }).send(
      { type: 'SLACK', key: 'k', via: 'BOT', channel: '#approvals' },
      message(more),
      new AbortController().signal,
    );

  test.each([
    ['channel_not_found', true],
    ['not_in_channel', true],
    ['is_archived', true],
    ['invalid_blocks', true],
    ['ratelimited', false],
    ['internal_error', false],
    ['service_unavailable', false],
    // For the operator to mend, and then it goes.
    ['invalid_auth', false],
    ['token_revoked', false],
    ['missing_scope', false],
  ])('%s refuses for good: %s', async (code, permanent) => {
    slack.instead = refusing(code);
    await expect(send()).rejects.toMatchObject({ message: `Slack refused it: ${code}`, permanent });
  });

  test('that is no code is not repeated', async () => {
    slack.instead = refusing('no channel <#C1> for ada@example.com');
    await expect(send()).rejects.toMatchObject({ message: 'Slack refused it: unknown' });
  });

  test.each([
    ['without what the message is called', '{"ok":true}'],
    ['with something else than JSON', 'ok'],
    ['with JSON that is no answer', '[]'],
    ['with no end', `{"ok":true,"x":"${'x'.repeat(1_100_000)}"}`],
  ])('an answer %s may be tried again', async (_, text) => {
    slack.instead = (__, response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).end(text);
      return true;
    };
    await expect(send()).rejects.toMatchObject({
      message: 'Slack answered something else than it should',
      permanent: false,
    });
  });

  test('asks as the bot, once, and nobody else is asked', async () => {
    slack.instead = refusing('internal_error');
    await send().catch(() => {});
    expect(slack.calls.map(({ method, authorization }) => [method, authorization])).toEqual([
      ['chat.postMessage', `Bearer ${TOKEN}`],
    ]);
  });

  test('a message is edited where it stands', async () => {
    const { reference } = await send();
    expect(reference).toBe('C0APPROVALS/1700000000.000001');
    await send({ edits: reference, asking: asking({ choices: [], outcome: 'APPROVED by Ada' }) });
    expect(slack.to('chat.update')[0]!.args).toMatchObject({
      channel: 'C0APPROVALS',
      ts: '1700000000.000001',
    });
    expect(JSON.stringify([...slack.messages.values()])).toContain('APPROVED by Ada');
    expect(slack.messages.size).toBe(1);
  });

  test('without a bot nothing is sent to a channel of its', async () => {
    const none = createSlack({ clock: testClock(), app: null, allowPrivate: false });
    const to = { type: 'SLACK', key: 'k', via: 'BOT', channel: '#approvals' } as const;
    await expect(none.send(to, message(), new AbortController().signal)).rejects.toMatchObject({
      permanent: true,
      message: expect.stringContaining('SLACK_BOT_TOKEN'),
    });
  });
});
