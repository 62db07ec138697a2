// Analyzers that misbehave, for threads.test.ts: read by a thread, never by the test.
import type { Analyzer, Finding } from '../../../src/safety/analyzer.ts';

const odd = (name: string, analyze: () => unknown): Analyzer => ({
  name,
  looksAt: ['RESPONSE'],
  analyze: async () => analyze() as readonly Finding[],
});

export const analyzers: readonly Analyzer[] = [
  odd('endless', () => {
    for (;;);
  }),
  odd('waits-for-ever', () => new Promise(() => {})),
  odd('throws', () => {
    throw new Error('no idea');
  }),
  odd('garbage', () => ({ everything: 'fine' })),
  odd('dies', () => process.exit(3)),
  odd('eats-memory', () => {
    const all: unknown[] = [];
    for (;;) all.push(Array.from({ length: 100_000 }, () => ({})));
  }),
  odd('environment', () => [
    {
      category: 'POLICY',
      code: 'environment',
      level: 'LOW',
      message: `The environment has ${Object.keys(process.env).length} names`,
    },
  ]),
  odd('finds', () => [{ category: 'POLICY', code: 'found', level: 'LOW', message: 'It looked' }]),
];
