import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/kernel/clock.ts';
import { analyze } from '../../src/safety/analyze.ts';
import { Threads } from '../../src/safety/threads.ts';

const odd = new URL('./processes/odd-analyzers.ts', import.meta.url);
let threads: Threads;
afterEach(() => threads.stop());

const open = (size: number, modules = [odd]): Threads => (threads = new Threads(modules, size));
/** What comes of these analyzers, with so many seconds each. */
const run = async (names: string[], limitSeconds = 20) => {
  const checks = names.map((name) => threads.check({ name, looksAt: ['RESPONSE'] }));
  const asked = { kind: 'RESPONSE', agentType: null, instructions: null, value: 'x' } as const;
  const { flags, coverage } = await analyze(asked, checks, { clock: systemClock, limitSeconds });
  return { flags: flags.map(({ code, level, message }) => `${level} ${code}: ${message}`), coverage };
};

describe('threads (5.8)', () => {
  it('end an analyzer that computes for ever, and the others answer', async () => {
    open(2);
    await threads.start();
    const { flags, coverage } = await run(['endless', 'finds', 'finds'], 1);
    expect(flags).toEqual([
      'HIGH analyzer_failed: The analyzer endless failed: it took longer than 1 s',
      'LOW found: It looked',
      'LOW found: It looked',
    ]);
    expect(coverage).toBeCloseTo(2 / 3);
  });

  it('begin the time of an analyzer when a thread takes it up, not while it waits for one', async () => {
    open(1);
    const { flags } = await run(['endless', 'endless', 'finds'], 1);
    expect(flags.filter((flag) => flag.includes('endless'))).toHaveLength(2);
    expect(flags).toContain('LOW found: It looked');
  });

  it('end one that waits for what never comes', async () => {
    open(1);
    expect((await run(['waits-for-ever'], 1)).flags[0]).toMatch(/took longer than 1 s/);
  });

  it.each([
    ['throws', /no idea/],
    ['garbage', /no findings/],
    ['dies', /its thread ended/],
    ['eats-memory', /memory/],
    ['unknown', /no analyzer unknown/],
  ])('%s is a flag, and the next analysis finds a thread again', async (name, why) => {
    open(1);
    const { flags, coverage } = await run([name]);
    expect(flags).toHaveLength(1);
    expect(flags[0]).toMatch(why);
    expect(coverage).toBe(0);
    expect((await run(['finds'])).flags).toEqual(['LOW found: It looked']);
  });

  it('a module that cannot be read is a flag, not a wait without end', async () => {
    open(1, [new URL('./processes/there-is-none.ts', import.meta.url)]);
    expect((await run(['finds'])).flags[0]).toMatch(/HIGH analyzer_failed: .*Cannot find module/);
    await expect(threads.start()).rejects.toThrow('Cannot find module');
  });

  it('give analyzers nothing of the environment', async () => {
    open(1);
    expect((await run(['environment'])).flags).toEqual(['LOW environment: The environment has 0 names']);
  });

  it('tell whoever waits or comes later that they were stopped', async () => {
    open(1);
    await threads.start();
    const waiting = run(['waits-for-ever', 'finds']);
    await new Promise(setImmediate);
    await threads.stop();
    expect((await waiting).flags).toEqual(
      Array(2).fill(expect.stringContaining('the analysis was stopped')) as string[],
    );
    expect((await run(['finds'])).flags[0]).toMatch(/the analysis is stopped/);
  });
});
