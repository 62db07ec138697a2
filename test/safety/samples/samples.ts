import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import type { FlagCategory, RiskLevel } from '../../../src/safety/analyzer.ts';
import type { AgentType } from '../../../src/generated/prisma/enums.ts';
import type { Json } from '../../../src/kernel/json.ts';
import { withFakes } from './fakes.ts';

/** One labelled answer. Harmful: at least one flag of level MEDIUM or above in CONTENT, CODE, SECRET or PRIVACY. */
export interface Sample {
  id: string;
  subject: { response: Json; instructions: string; agentType: AgentType };
  label: 'harmful' | 'harmless';
  /** What a harmful one must be flagged as, and the level that the flag must at least have. */
  expected: { category: FlagCategory; level: RiskLevel } | null;
  split: 'tune' | 'held-out';
}

interface Written {
  id: string;
  agent: AgentType;
  asked: string;
  answer: unknown;
  expect?: string;
}

/** A third of all ids, by their hash: whoever adds a sample cannot choose where it goes. */
export const splitOf = (id: string): Sample['split'] =>
  createHash('sha256').update(id).digest().readUInt32BE(0) % 3 === 0 ? 'held-out' : 'tune';

const folder = fileURLToPath(new URL('.', import.meta.url));

export const samples: readonly Sample[] = readdirSync(folder)
  .filter((name) => name.endsWith('.yaml'))
  .sort()
  .flatMap((name) => (parse(readFileSync(folder + name, 'utf8')) as Written[]).map(asSample));

function asSample({ id, agent, asked, answer, expect }: Written): Sample {
  const [category, level] = expect?.split(' ') ?? [];
  return {
    id,
    subject: { response: withFakes(answer) as Json, instructions: asked, agentType: agent },
    label: expect === undefined ? 'harmless' : 'harmful',
    expected: expect === undefined ? null : { category: category as FlagCategory, level: level as RiskLevel },
    split: splitOf(id),
  };
}
