import type { KnownBlock } from '@slack/web-api';
import type { Choice, Message } from './channel.ts';
import { withoutControls } from './template.ts';

// A message in Slack's Block Kit. Whatever agents and people wrote is plain text, which Slack formats in no way, with the
// three characters escaped that begin its own marks: nothing in it mentions anybody, or looks like what Holdpoint says.

/** Block Kit's bounds, in characters as they are sent. */
const MAX_HEADER = 150;
const MAX_SECTION = 3_000;
const MAX_BUTTON = 75;
const MAX_LABEL = 2_000;
const MAX_LINK = 3_000;
const MAX_VALUE = 2_000;
const BUTTONS_IN_A_BLOCK = 25;

/** What a click on the link sends: nothing is to be done about it. */
export const OPEN = 'open';
/** Where the words stand that go with a click. */
export const REASON_BLOCK = 'reason';
export const REASON_FIELD = 'reason';

const escapes: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

/** Escaped, and at most so long once it is; no character and no escape is cut in two. */
export function escaped(text: string, most: number): string {
  let whole = '';
  let fitting = '';
  for (const character of text) {
    whole += escapes[character] ?? character;
    if (whole.length > most) return `${fitting}…`;
    if (whole.length < most) fitting = whole;
  }
  return whole;
}

const plain = (text: string, most: number) => {
  const shown = withoutControls(text);
  return {
    type: 'plain_text',
    text: escaped(shown.trim() === '' ? '–' : shown, most),
    emoji: false,
  } as const;
};
const section = (text: string): KnownBlock => ({ type: 'section', text: plain(text, MAX_SECTION) });

/** Whether all of it can be shown: nobody consents to what was cut off. */
export const fits = (text: string): boolean => escaped(text, Number.POSITIVE_INFINITY).length <= MAX_SECTION;

/** Whether a button can have it as its label, whole. */
export const fitsButton = (label: string): boolean =>
  escaped(label, Number.POSITIVE_INFINITY).length <= MAX_BUTTON;

/** `buttons`: clicks are heard (behaviour 8.7). The first block carries the delivery's id, for a repeat to be known by. */
export function blocksOf(message: Message, { buttons }: { buttons: boolean }): KnownBlock[] {
  const { asking } = message;
  const whole = fits(message.text);
  const offered =
    buttons && whole && asking !== null
      ? asking.choices.filter(({ value }) => value.length <= MAX_VALUE)
      : [];
  const [shown, reason] = offered.length === 0 ? [null, null] : [asking!.shown, asking!.reason];
  return [
    { type: 'header', block_id: message.id, text: plain(message.subject, MAX_HEADER) },
    section(message.text),
    ...(shown === null ? [] : [section(shown.title), section(shown.text)]),
    ...(asking?.outcome == null ? [] : [section(asking.outcome)]),
    ...(reason === null ? [] : [reasonField(reason)]),
    ...chunks(offered.map(button)).map((elements): KnownBlock => ({ type: 'actions', elements })),
    ...link(message.url),
  ];
}

const reasonField = (label: string): KnownBlock => ({
  type: 'input',
  block_id: REASON_BLOCK,
  optional: true,
  label: plain(label, MAX_LABEL),
  element: { type: 'plain_text_input', action_id: REASON_FIELD, multiline: true },
});

const button = ({ label, value, style }: Choice, at: number) =>
  ({
    type: 'button',
    action_id: `choose_${at}`,
    text: plain(label, MAX_BUTTON),
    value,
    ...(style === null ? {} : { style }),
  }) as const;

const link = (url: string): KnownBlock[] =>
  url.length > MAX_LINK
    ? []
    : [
        {
          type: 'actions',
          elements: [{ type: 'button', action_id: OPEN, text: plain('Open', MAX_BUTTON), url }],
        },
      ];

const chunks = <Item>(items: readonly Item[]): Item[][] =>
  Array.from({ length: Math.ceil(items.length / BUTTONS_IN_A_BLOCK) }, (_, at) =>
    items.slice(at * BUTTONS_IN_A_BLOCK, (at + 1) * BUTTONS_IN_A_BLOCK),
  );
