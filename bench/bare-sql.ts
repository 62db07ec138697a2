import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { percentiles, type Row } from './figures.ts';
import { makeDatabase } from './server.ts';

const TABLES = `
  CREATE TABLE decisions (id text PRIMARY KEY, status text NOT NULL, body jsonb NOT NULL);
  CREATE TABLE told (id bigserial PRIMARY KEY, subject text NOT NULL, type text NOT NULL)`;
const ASK = {
  name: 'ask',
  text: `WITH asked AS (INSERT INTO decisions VALUES ($1, 'PENDING', $2::jsonb) RETURNING id)
    INSERT INTO told (subject, type) SELECT id, 'requested' FROM asked`,
};
const ANSWER = {
  name: 'answer',
  text: `WITH answered AS (UPDATE decisions SET status = 'RESOLVED' WHERE id = $1 AND status = 'PENDING' RETURNING id)
    INSERT INTO told (subject, type) SELECT id, 'resolved' FROM answered`,
};

/**
 * What the machine gives at that hour, for ratios: a cycle as two bare statements, the decision and its event in one,
 * with nothing of the product and no HTTP. Nothing where no PostgreSQL answers.
 */
export async function measureBareSql(seconds: number): Promise<Row[]> {
  const database = await makeDatabase();
  if (database === null) return [];
  const pool = new pg.Pool({ connectionString: database.url, max: 10 });
  // `end` does not wait for its sockets: one may still be told that its database goes away.
  pool.on('error', () => {});
  try {
    await pool.query(TABLES);
    const rows: Row[] = [];
    for (const callers of [1, 32]) rows.push(await measure(pool, callers, seconds));
    return rows;
  } finally {
    await pool.end();
    await database.drop();
  }
}

async function measure(pool: pg.Pool, callers: number, seconds: number): Promise<Row> {
  const cycles: number[] = [];
  const warm = performance.now() + 500;
  const until = warm + seconds * 1000;
  await Promise.all(
    Array.from({ length: callers }, async () => {
      while (performance.now() < until) {
        const began = performance.now();
        const id = randomUUID();
        await pool.query({ ...ASK, values: [id, '{"message": "May I?", "options": ["yes", "no"]}'] });
        await pool.query({ ...ANSWER, values: [id] });
        if (began > warm) cycles.push(performance.now() - began);
      }
    }),
  );
  const at = percentiles(cycles);
  return {
    line: `for comparison: two bare SQL statements, ${callers} callers, no HTTP`,
    database: 'postgres',
    figure: `${Math.round(cycles.length / seconds)}/s`,
    target: '–',
    ratio: null,
    p50: at(50),
    p99: at(99),
  };
}
