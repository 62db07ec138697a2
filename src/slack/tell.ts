import type { Clock } from '../kernel/clock.ts';
import type { Log } from '../kernel/log.ts';
import { exchange } from '../notifications/post.ts';
import { escaped } from '../notifications/slack-blocks.ts';

/** Milliseconds that Slack has to take it. */
const WITHIN = 5_000;
const MAX_TEXT = 3_000;

/**
 * Tells whoever clicked what came of it, unseen by others. Never rejects: what was decided stands, whoever hears of it; the
 * message itself says so once it is edited.
 */
export async function tell(
  { clock, log, allowPrivate }: { clock: Clock; log: Log; allowPrivate: boolean },
  responseUrl: string,
  words: string,
): Promise<void> {
  const text = escaped(words, MAX_TEXT);
  const body = JSON.stringify({
    response_type: 'ephemeral',
    replace_original: false,
    text,
    blocks: [{ type: 'section', text: { type: 'plain_text', text, emoji: false } }],
  });
  const late = new AbortController();
  const cancel = clock.at(new Date(clock.now().getTime() + WITHIN), () => late.abort(new Error('too late')));
  try {
    const headers = { 'content-type': 'application/json' };
    await exchange(new URL(responseUrl), { headers, body, signal: late.signal, allowPrivate }, () =>
      clock.now(),
    );
  } catch (error) {
    // The address is a secret of its own: whoever has it may write as the app.
    log.warn({ reason: (error as Error).message }, 'somebody who clicked in Slack could not be told');
  } finally {
    cancel();
  }
}
