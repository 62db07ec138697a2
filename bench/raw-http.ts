import { connect, type Socket } from 'node:net';

/**
 * One kept-alive connection that posts JSON and reads JSON: as little client as can be, because it shares the machine
 * with the server that is measured.
 */
export class RawHttp {
  readonly #port: number;
  readonly #head: string;
  /** Null: the server has closed it, as it does after some seconds of silence; the next request opens another. */
  #socket: Socket | null = null;
  #buffer: Buffer = Buffer.alloc(0);
  #answer: ((body: unknown) => void) | null = null;
  #fail: (error: Error) => void = () => {};

  constructor(port: number, path: string, authorization: string) {
    this.#port = port;
    this.#head = `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAuthorization: ${authorization}\r\nContent-Type: application/json\r\nContent-Length: `;
  }

  post<T>(body: string): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#answer = resolve as (body: unknown) => void;
      this.#fail = reject;
      this.#socket ??= this.#connect();
      this.#socket.write(`${this.#head}${Buffer.byteLength(body)}\r\n\r\n${body}`);
    });
  }

  close(): void {
    this.#fail = () => {};
    this.#socket?.destroy();
  }

  #connect(): Socket {
    const socket = connect({ port: this.#port, host: '127.0.0.1', noDelay: true });
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
    socket.on('error', (error) => this.#fail(error));
    socket.on('close', () => {
      if (this.#socket === socket) this.#socket = null;
      this.#fail(new Error('the connection was closed'));
    });
    return socket;
  }

  #read(chunk: Buffer): void {
    this.#buffer = this.#buffer.length === 0 ? chunk : Buffer.concat([this.#buffer, chunk]);
    const end = this.#buffer.indexOf('\r\n\r\n');
    if (end === -1) return;
    const head = this.#buffer.toString('latin1', 0, end);
    const length = /content-length: (\d+)/i.exec(head);
    const body = length
      ? this.#take(end + 4, Number(length[1]))
      : /transfer-encoding: chunked/i.test(head)
        ? this.#takeChunks(end + 4)
        : null;
    if (body === null) return;
    this.#answer!(JSON.parse(body));
  }

  #take(start: number, length: number): string | null {
    if (this.#buffer.length < start + length) return null;
    const body = this.#buffer.toString('utf8', start, start + length);
    this.#buffer = this.#buffer.subarray(start + length);
    return body;
  }

  #takeChunks(start: number): string | null {
    const parts: Buffer[] = [];
    for (let at = start; ; ) {
      const end = this.#buffer.indexOf('\r\n', at);
      if (end === -1) return null;
      const size = Number.parseInt(this.#buffer.toString('latin1', at, end), 16);
      if (this.#buffer.length < end + 2 + size + 2) return null;
      if (size === 0) {
        this.#buffer = this.#buffer.subarray(end + 4);
        return Buffer.concat(parts).toString('utf8');
      }
      parts.push(this.#buffer.subarray(end + 2, end + 2 + size));
      at = end + 2 + size + 2;
    }
  }
}
