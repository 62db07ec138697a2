import { parse, PGlite, protocol } from '@electric-sql/pglite';
import type { PGliteOptions, QueryOptions, Results, Transaction } from '@electric-sql/pglite';
import { createStatementNames } from './statement-names.ts';

const { serialize } = protocol;

/** A statement that the session keeps: parsed once, and planned anew only while its arguments make a difference. */
interface Prepared {
  name: string;
  /** Types of its arguments. */
  parameters: number[];
  /** What tells the columns of its rows; the session does not repeat it with each execution. */
  shape: Messages;
}

type Messages = Awaited<ReturnType<PGlite['execProtocolStream']>>;
type Arguments = readonly unknown[];

/**
 * PGlite whose statements, where they come again and again, are parsed once. PGlite by itself parses and plans each
 * anew, which for the larger ones takes several times as long as doing what they say.
 */
export class EmbeddedEngine extends PGlite {
  readonly #nameOf = createStatementNames();
  readonly #prepared = new Map<string, Prepared>();

  static async open(options: PGliteOptions): Promise<EmbeddedEngine> {
    const engine = new EmbeddedEngine(options);
    await engine.waitReady;
    return engine;
  }

  override async query<T>(sql: string, args: unknown[] = [], options?: QueryOptions): Promise<Results<T>> {
    const name = this.#nameOf({ sql, args });
    if (name === undefined) return super.query<T>(sql, args, options);
    await this._checkReady();
    return this._runExclusiveTransaction(async () => {
      const results = await this.#run<T>({ name, sql, args }, options);
      await this.syncToFs();
      return results;
    });
  }

  override transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    return super.transaction((tx) => {
      const query = async <Row>(sql: string, args: unknown[] = [], options?: QueryOptions) => {
        const name = this.#nameOf({ sql, args });
        if (name === undefined || tx.closed) return tx.query<Row>(sql, args, options);
        return this.#run<Row>({ name, sql, args }, options);
      };
      return work(Object.create(tx, { query: { value: query } }) as Transaction);
    });
  }

  #run<T>(
    { name, sql, args }: { name: string; sql: string; args: Arguments },
    options?: QueryOptions,
  ): Promise<Results<T>> {
    return this.runExclusive(async () => {
      const prepared = this.#prepared.get(sql) ?? (await this.#prepare(name, sql));
      const messages = await this.#send(
        serialize.bind({ statement: name, values: this.#textsOf(args, prepared.parameters) }),
        serialize.execute({}),
      );
      const [results] = parse.parseResults([...prepared.shape, ...messages], this.parsers, options);
      return results as Results<T>;
    });
  }

  async #prepare(name: string, text: string): Promise<Prepared> {
    const described = await this.#send(
      serialize.parse({ name, text }),
      serialize.describe({ type: 'S', name }),
    );
    const prepared = {
      name,
      parameters: parse.parseDescribeStatementResults(described),
      shape: described.filter((message) => message.name === 'rowDescription'),
    };
    this.#prepared.set(text, prepared);
    return prepared;
  }

  /** All in one call into the engine, ended by the synchronisation that a failed message needs to be got over. */
  #send(...messages: Uint8Array[]): Promise<Messages> {
    return this.execProtocolStream(Buffer.concat([...messages, serialize.sync()]), { syncToFs: false });
  }

  #textsOf(args: Arguments, parameters: readonly number[]): (string | null)[] {
    return args.map((arg, at) => {
      if (arg === null || arg === undefined) return null;
      const toText = this.serializers[parameters[at]!];
      return toText ? toText(arg) : String(arg);
    });
  }
}
