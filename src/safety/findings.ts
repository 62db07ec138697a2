import { z } from 'zod';
import type { Finding } from './analyzer.ts';

const place = z.object({
  path: z.string().max(100_000),
  start: z.int().min(0),
  end: z.int().min(0),
  isKey: z.boolean().optional(),
});

const findings = z
  .array(
    z.object({
      category: z.enum([
        'CONTENT',
        'CODE',
        'SECRET',
        'PRIVACY',
        'COMPLETENESS',
        'CONSISTENCY',
        'COST',
        'POLICY',
      ]),
      code: z.string().regex(/^[a-z][a-z0-9_]{0,63}$/),
      level: z.enum(['LOW', 'MEDIUM', 'HIGH', 'CRITICAL']),
      message: z.string().min(1).max(1000),
      where: place.optional(),
      evidence: z.string().optional(),
    }),
  )
  .max(100_000);

/** What an analyzer answered, if it is what the protocol asks for; throws otherwise, naming the first fault. */
export function checkedFindings(answer: unknown): Finding[] {
  const result = findings.safeParse(answer);
  if (result.success) return result.data;
  const { path, message } = result.error.issues[0]!;
  throw new Error(`it answered what are no findings: ${[...path.map(String), message].join(' ')}`);
}
