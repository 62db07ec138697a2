import { availableParallelism } from 'node:os';
import type { AgentType } from '../generated/prisma/enums.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Json } from '../kernel/json.ts';
import { analyze, type Check, findAll, inServer, type Limits } from './analyze.ts';
import type { Analyzer, Finding, Place, RiskFlag } from './analyzer.ts';
import { analyzers as builtIn } from './analyzers/built-in.ts';
import { personalData } from './analyzers/personal-data.ts';
import { secrets } from './analyzers/secrets.ts';
import { recommend, score, type Scores } from './score.ts';
import { Threads } from './threads.ts';

// What the rest of the house calls: the analysis of an input before the call, and of an answer before a person sees it
// (behaviour 5.8). Neither ever rejects for what it was given: what can't be analysed is flagged.

export interface InputQuestion {
  agentType: AgentType | null;
  /** What the agent says that it wants to do. */
  action: string;
  input: Json;
}

export interface InputAnalysis {
  /** For `assessRisk` (risk.ts), the gravest first. */
  flags: RiskFlag[];
}

export interface ResponseQuestion {
  agentType: AgentType | null;
  /** What the agent had been asked to do; null where nothing is known of it. */
  instructions: string | null;
  response: Json;
}

export interface ResponseAnalysis extends Scores {
  riskFlags: RiskFlag[];
  recommendations: string[];
}

export interface Safety {
  /** Makes its threads ready. Without it the first analyses wait for them, a third of a second. */
  start(): Promise<void>;
  stop(): Promise<void>;
  analyzeInput(question: InputQuestion): Promise<InputAnalysis>;
  analyzeResponse(question: ResponseQuestion): Promise<ResponseAnalysis>;
  /**
   * Where secrets and personal data stand in a value (behaviour 8.8); what is published for tests is neither. Null where
   * it could not be looked at.
   */
  findSensitive(value: Json): Promise<Place[] | null>;
}

export interface SafetyOptions {
  clock: Clock;
  /** Analyzers beside the built-in ones; they run in the server's own thread, and must not compute for long. */
  more?: readonly Analyzer[];
  /** Analyzers that compute: modules that export them as `analyzers`, read by the threads. */
  threaded?: readonly { module: URL; analyzers: readonly Pick<Analyzer, 'name' | 'looksAt'>[] }[];
  /** Seconds that one analyzer has. */
  limitSeconds?: number;
  threads?: number;
}

/** A CRITICAL flag on an answer stops the project: condition SECURITY_THREAT (behaviour 7.1). */
export const isSecurityThreat = (flags: readonly RiskFlag[]): boolean =>
  flags.some(({ level }) => level === 'CRITICAL');

/** The largest answer takes an analyzer one second at most of a processor of its own; others may be busy, too. */
const DEFAULT_LIMIT_SECONDS = 10;
/** More would only take the processors from those who serve requests. */
const DEFAULT_THREADS = Math.min(2, availableParallelism());

const BUILT_IN = new URL('./analyzers/built-in.ts', import.meta.url);

export function createSafety(options: SafetyOptions): Safety {
  const {
    clock,
    more = [],
    threaded = [],
    limitSeconds = DEFAULT_LIMIT_SECONDS,
    threads: size = DEFAULT_THREADS,
  } = options;
  const modules = [{ module: BUILT_IN, analyzers: builtIn }, ...threaded];
  const threads = new Threads(
    modules.map(({ module }) => module),
    size,
  );
  const checks: Check[] = [
    ...modules.flatMap(({ analyzers }) => analyzers.map((analyzer) => threads.check(analyzer))),
    ...more.map(inServer),
  ];
  refuseDoubles(checks);
  const sensitive = checks.filter(({ name }) => SENSITIVE.has(name));
  const atOnce = [secrets, personalData].map(inServer);
  const limits: Limits = { clock, limitSeconds };
  return {
    start: () => threads.start(),
    stop: () => threads.stop(),
    async analyzeInput({ agentType, action, input }) {
      const value = { action, input };
      const { flags } = await analyze(
        { kind: 'INPUT', agentType, instructions: action, value },
        checks,
        limits,
      );
      return { flags };
    },
    async findSensitive(value) {
      const asked = { kind: 'INPUT', agentType: null, instructions: null, value } as const;
      const found = await findAll(asked, isBrief(JSON.stringify(value)) ? atOnce : sensitive, limits);
      return found && placesOf(found);
    },
    async analyzeResponse({ agentType, instructions, response }) {
      const asked = { kind: 'RESPONSE', agentType, instructions, value: response } as const;
      const { flags, coverage } = await analyze(asked, checks, limits);
      return { riskFlags: flags, ...score(flags, coverage, agentType), recommendations: recommend(flags) };
    },
  };
}

/** Characters that are looked through faster than a thread can be asked to: a tenth of a millisecond at most. */
const BRIEF = 2_000;

/** Whether what stands in so much text is found at once, in the server's own thread. */
export const isBrief = ({ length }: { readonly length: number }): boolean => length <= BRIEF;

/** The analyzers that find what is encrypted at rest. */
const SENSITIVE: ReadonlySet<string> = new Set([secrets.name, personalData.name]);

/** Of findings that are somebody's: what is published for tests is LOW. */
export const placesOf = (findings: readonly Finding[]): Place[] =>
  findings.flatMap(({ level, where }) => (level === 'LOW' || where === undefined ? [] : [where]));

function refuseDoubles(checks: readonly Check[]): void {
  const names = checks.map(({ name }) => name);
  const double = names.find((name, at) => names.indexOf(name) !== at);
  if (double !== undefined) throw new Error(`two analyzers are called ${double}`);
}
