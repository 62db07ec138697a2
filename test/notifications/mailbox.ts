import { once } from 'node:events';
import type { Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { certificate, certificateKey } from './certificate.ts';
import { SMTPServer, type SMTPServerSession } from 'smtp-server';

export interface Mail {
  to: string[];
  /** Over TLS. */
  secure: boolean;
  from: string;
  source: string;
}

type Verdict = Error | null | 'silence';

/**
 * A real mail server that keeps what it is sent. `verdict` decides over each message once its text has come. `tls`: from the
 * first byte on, or as the client asks for it; with the certificate that is here for that.
 */
export async function openMailbox({ tls = 'none' }: { tls?: 'none' | 'implicit' | 'starttls' } = {}) {
  const received: Mail[] = [];
  const mailbox = {
    received,
    verdict: (): Verdict => null,
    /** Decides over each address, before the text comes. */
    addressee: (_address: string): Error | null => null,
    url: '',
    /** Ends the connections that there are. */
    drop: () => {
      for (const { _socket } of server.connections as unknown as Set<{ _socket: Socket }>) _socket.destroy();
    },
    close: () => new Promise<void>((resolve) => server.close(resolve)),
  };
  const server = new SMTPServer({
    disabledCommands: tls === 'starttls' ? ['AUTH'] : ['AUTH', 'STARTTLS'],
    ...(tls === 'none' ? {} : { secure: tls === 'implicit', cert: certificate, key: certificateKey }),
    closeTimeout: 100,
    onRcptTo: ({ address }, _session, done) => done(mailbox.addressee(address)),
    async onData(stream, session: SMTPServerSession, done) {
      const source = await text(stream);
      const { mailFrom, rcptTo } = session.envelope;
      const verdict = mailbox.verdict();
      if (verdict === 'silence') return;
      if (verdict === null)
        received.push({
          from: mailFrom === false ? '' : mailFrom.address,
          to: rcptTo.map(({ address }) => address),
          secure: session.secure,
          source,
        });
      done(verdict);
    },
  });
  server.on('error', () => {});
  server.listen(0, '127.0.0.1');
  await once(server.server, 'listening');
  const { port } = server.server.address() as { port: number };
  mailbox.url = `${tls === 'implicit' ? 'smtps' : 'smtp'}://127.0.0.1:${port}`;
  return mailbox;
}

export type Mailbox = Awaited<ReturnType<typeof openMailbox>>;

export const smtpError = (responseCode: number): Error =>
  Object.assign(new Error('no, ada@example.com'), { responseCode });
