import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { percentiles, type Row } from './figures.ts';
import { startServer } from './server.ts';

/** From the command to the first answer, on an embedded database that exists already. */
export async function measureStart(): Promise<Row> {
  const directory = await mkdtemp(join(tmpdir(), 'holdpoint-bench-'));
  const times: number[] = [];
  try {
    await (await startServer({ DATA_DIR: directory })).stop();
    for (let i = 0; i < 3; i++) {
      const began = performance.now();
      const server = await startServer({ DATA_DIR: directory });
      await server.graphql('{ viewer { roles } }');
      times.push(performance.now() - began);
      await server.stop();
    }
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
  const median = percentiles(times)(50);
  return {
    line: '`npm start` to ready, existing data',
    database: 'embedded',
    figure: `${(median / 1000).toFixed(2)} s`,
    target: '< 3 s',
    ratio: 3000 / median,
    p50: median,
    p99: Math.max(...times),
  };
}
