import { createTransport } from 'nodemailer';
import { sha256 } from '../kernel/json.ts';
import { type Channel, NotDelivered } from './channel.ts';
import type { Destination } from './settings.ts';

type Email = Extract<Destination, { type: 'EMAIL' }>;

/** Milliseconds without a connection, a greeting or another byte after which a mail server is given up. */
const SILENCE = 20_000;

export interface MailServer {
  /** smtp:// or smtps://, with user and password where it wants them. */
  url: string;
  /** Whom messages are from. */
  from: string;
}

/**
 * One message to all the channel's addresses. Its Message-ID is the delivery's, so that a repeat is known, and it refers to
 * the thing that it is about, so that readers show what belongs together as one thread.
 */
export function createEmail({ url, from }: MailServer): Channel<Email> {
  const domain = /@([A-Za-z0-9.-]+)>?$/.exec(from)?.[1] ?? 'holdpoint.invalid';
  return {
    name: 'email',
    async send({ to }, { id, subjectId, subject, text }, signal) {
      const transport = createTransport({
        url,
        connectionTimeout: SILENCE,
        greetingTimeout: SILENCE,
        socketTimeout: SILENCE,
        // What stands in a message is nobody's file or address to be read.
        disableFileAccess: true,
        disableUrlAccess: true,
      });
      const aborted = Promise.withResolvers<never>();
      const abort = () => aborted.reject(signal.reason);
      signal.addEventListener('abort', abort);
      if (signal.aborted) abort();
      try {
        const sent = transport.sendMail({
          from,
          to: [...to],
          subject,
          text,
          messageId: `<${id}@${domain}>`,
          references: `<${sha256(subjectId).slice(0, 32)}@${domain}>`,
          headers: { 'Auto-Submitted': 'auto-generated', 'X-Holdpoint-Delivery': id },
        });
        // Given up, it may still fail: nobody is there to hear of it.
        sent.catch(() => {});
        const { messageId, ...told } = await Promise.race([sent, aborted.promise]);
        const refused = refusalsIn(told);
        if (refused.length === 0) return { reference: messageId };
        // Tried again it would come to the others once more, each time.
        throw new NotDelivered(
          `the mail server refused ${refused.length} of ${to.length} addresses: ${refused.join(', ')}`,
          { permanent: true },
        );
      } catch (error) {
        if (signal.aborted) throw signal.reason;
        if (error instanceof NotDelivered) throw error;
        throw faultOf(error as MailFault);
      } finally {
        signal.removeEventListener('abort', abort);
        transport.close();
      }
    },
  };
}

/** What the server answered to each address that it took nothing for. */
const refusalsIn = (told: { rejectedErrors?: { responseCode?: number }[] | undefined }): number[] =>
  (told.rejectedErrors ?? []).map(({ responseCode }) => responseCode ?? 500);

type MailFault = Error & {
  code?: string;
  responseCode?: number;
  rejectedErrors?: { responseCode?: number }[];
};

/** A server's words may repeat addresses: its number alone is told. Of several, one that may pass is. */
function faultOf(error: MailFault): NotDelivered {
  const { code } = error;
  const responseCode = refusalsIn(error).find((each) => each < 500) ?? error.responseCode;
  // 535 and its like are the server's operator's to mend, and then it goes.
  if (responseCode !== undefined && code !== 'EAUTH')
    return new NotDelivered(`the mail server answered ${responseCode}`, {
      permanent: responseCode >= 500,
      cause: error,
    });
  if (code === 'EAUTH')
    return new NotDelivered('the mail server did not accept the sign-in', { cause: error });
  return new NotDelivered(`the mail server can't be reached (${code ?? 'no answer'})`, { cause: error });
}
