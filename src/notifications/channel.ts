import type { Destination } from './settings.ts';

/** One notification as a channel is given it. */
export interface Message {
  /** The delivery's: the same at every attempt, for the receiver to know a repeat by. */
  id: string;
  /** What it is about; messages about one thing belong together. */
  subjectId: string;
  /** One line. */
  subject: string;
  /** Plain text. */
  text: string;
  /** The same in a line or two, for where there is little room; without the link. */
  brief: string;
  /** Where the item is shown. */
  url: string;
  /** The same as JSON, for programs. */
  body: string;
  /** What it asks people for; null: it only tells. */
  asking: Asking | null;
  /** What the receiver calls the message whose place this one takes; null: it is a new one. */
  edits: string | null;
  /** Since when an earlier attempt may have delivered it, unheard of; null: this is the first. */
  sentSince: Date | null;
}

/** What a message asks for. Channels with buttons offer it; a link leads to it everywhere. */
export interface Asking {
  /** Ways to answer at once; none where an answer takes more than a choice, and once it is over. */
  choices: readonly Choice[];
  /** What people must give with a choice: the name of a field for their words. Null: nothing. */
  reason: string | null;
  /** All of what is consented to, where there are choices about it. */
  shown: { title: string; text: string } | null;
  /** Who ended it, how and when; null: it is still asked. */
  outcome: string | null;
}

export interface Choice {
  label: string;
  /** What comes back with the click: read by slack/click.ts. */
  value: string;
  style: 'primary' | 'danger' | null;
}

/**
 * A way to reach people or programs. `send` resolves once the receiver has taken the message over, with what it calls it.
 * It rejects with NotDelivered where it did not, or nobody knows; and soon after the abort, with the abort's reason.
 */
export interface Channel<To extends Destination = Destination> {
  readonly name: string;
  send(to: To, message: Message, signal: AbortSignal): Promise<{ reference: string | null }>;
}

/** Why a message was not taken over. `permanent`: the same would be answered again. Its words are shown to people. */
export class NotDelivered extends Error {
  override name = 'NotDelivered';
  readonly permanent: boolean;
  /** Milliseconds that the receiver asks to wait. */
  readonly retryAfter: number | null;

  constructor(
    message: string,
    {
      permanent = false,
      retryAfter = null,
      ...rest
    }: ErrorOptions & { permanent?: boolean; retryAfter?: number | null } = {},
  ) {
    super(message, rest);
    this.permanent = permanent;
    this.retryAfter = retryAfter;
  }
}
