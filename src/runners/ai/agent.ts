import { isIP } from 'node:net';
import { z } from 'zod';
import { schemaFault } from '../../kernel/json-schema.ts';
import { type Json, type JsonObject, plainObject } from '../../kernel/json.ts';
import { isPublic } from '../../notifications/addresses.ts';
import { builtInNames } from './built-in.ts';
import { decimal, priceOf, type Prices } from './prices.ts';

// What a session of this runner is started with: `context.agent`, or `context.agents` where several work side by side.
//
//   agent:
//     name: researcher
//     model: gpt-5-mini
//     instructions: You look things up, and say where you found them.
//     tools:
//       - name: search
//         description: Searches the catalogue
//         parameters: { type: object, properties: { query: { type: string } }, required: [query] }
//         url: https://tools.example.com/search
//         cost: "0.01"
//     steps: 20

/** Bytes of all that the agents of a session are, as JSON: it is kept with the session. */
const MAX_BYTES = 96 * 1024;
const MAX_AGENTS = 10;
const MAX_TOOLS = 64;
const DEFAULT_NAME = 'agent';

const text = z.string().min(1, 'must not be empty');

const parameters = z
  .record(z.string(), z.json(), 'must be a JSON Schema object')
  .transform((schema) => schema as JsonObject)
  .check((given) => {
    const fault =
      given.value.type === 'object' ? schemaFault(given.value) : 'must be a JSON Schema of type object';
    if (fault !== null) given.issues.push({ code: 'custom', message: fault, input: given.value });
  });

const tool = z.strictObject({
  /** What the model calls it by. */
  name: z
    .string()
    .regex(/^[a-zA-Z][\w-]{0,63}$/, 'must begin with a letter and have at most 64 letters, digits, _ and -')
    .refine((name) => !builtInNames.has(name), 'is the name of a tool that every agent has'),
  /** For the model. */
  description: text.max(4_000),
  parameters,
  /** Where the approved input is POSTed. */
  url: z.string().refine(isTarget, 'must be an http(s) address without credentials'),
  /** For the person who decides, in a sentence; standing approvals go by it. */
  action: text.max(1_000).optional(),
  /** What one call is expected to take. */
  tokens: z.int().min(0).default(0),
  cost: decimal.default('0'),
  /** How long its approval may be waited for, in minutes. */
  timeoutMinutes: z.int().min(1).max(525_600).optional(),
});

const agent = z.strictObject({
  name: z
    .string()
    .regex(/^[a-zA-Z][\w-]{0,62}$/, 'must be a name of letters, digits, - and _, at most 63')
    .default(DEFAULT_NAME),
  model: text.max(200),
  instructions: text.max(20_000),
  tools: z.array(tool).max(MAX_TOOLS).default([]),
  /** Answers of the model until it has to be done. */
  steps: z.int().min(1).max(100).default(20),
  /** Tokens that one answer may have. */
  outputTokens: z.int().min(1).max(128_000).default(4_096),
  /** Until one answer must be there in full, attempts that the endpoint put off included. */
  seconds: z.int().min(1).max(600).default(120),
  /** What one answer is expected to take, where the server has no price for the model. */
  estimate: z.strictObject({ tokens: z.int().min(0), cost: decimal }).optional(),
});

export type Agent = z.output<typeof agent>;
export type Tool = Agent['tools'][number];

export interface Reading {
  prices: Prices;
  /** Tools may be on private networks and on this machine. */
  allowPrivate: boolean;
}

function isTarget(given: string): boolean {
  if (!URL.canParse(given)) return false;
  const { protocol, username, password } = new URL(given);
  return (protocol === 'https:' || protocol === 'http:') && username === '' && password === '';
}

/** Reads the agents of a session out of its context. Every fault at once, each with its path. */
export function readAgents(
  context: JsonObject,
  reading: Reading,
): { agents: Agent[] } | { faults: string[] } {
  const one = context.agent !== undefined;
  if (one === (context.agents !== undefined))
    return { faults: ['the context needs agent or agents, one of the two'] };
  const root = one ? 'context.agent' : 'context.agents';
  const given: Json = one ? [context.agent!] : context.agents!;
  const parsed = z.array(agent).min(1).max(MAX_AGENTS).safeParse(given);
  const pathOf = ([at, ...path]: readonly PropertyKey[]): string =>
    [root, ...(one || at === undefined ? path : [at, ...path])].map(String).join('.');
  const faults = (parsed.error?.issues ?? []).map(({ path, message }) => `${pathOf(path)} ${message}`);
  // Of what was given, whatever else is wrong with it: nobody should have to mend it twice.
  const raw = listOf(given).map(plainObject);
  for (const [at, each] of raw.entries()) faults.push(...faultsOf(each, pathOf([at]), reading));
  for (const name of repeated(raw.map((each) => each.name ?? DEFAULT_NAME)))
    faults.push(`${root} has two agents called ${JSON.stringify(name)}`);
  if (Buffer.byteLength(JSON.stringify(given)) > MAX_BYTES)
    faults.push(`${root} must have at most ${MAX_BYTES} bytes as JSON`);
  return parsed.success && faults.length === 0 ? { agents: parsed.data } : { faults };
}

/** What no schema knows: prices, addresses, and names among each other. */
function faultsOf(given: JsonObject, root: string, { prices, allowPrivate }: Reading): string[] {
  const { model, estimate } = given;
  const tools = listOf(given.tools).map(plainObject);
  const faults = repeated(tools.map(({ name }) => name)).map(
    (name) => `${root}.tools has two tools called ${JSON.stringify(name)}`,
  );
  if (typeof model === 'string' && priceOf(prices, model) === undefined && estimate === undefined)
    faults.push(
      `${root}.model ${JSON.stringify(model)} has no price in AI_PRICES: give it one, or the agent an estimate`,
    );
  for (const [at, { url }] of tools.entries())
    if (!allowPrivate && typeof url === 'string' && isTarget(url) && isPrivate(url))
      faults.push(`${root}.tools.${at}.url is a private address (ALLOW_PRIVATE_ADDRESSES)`);
  return faults;
}

const listOf = (given: Json | undefined): Json[] => (Array.isArray(given) ? given : []);

/** As written; where a name leads is looked at as it is connected to. */
export function isPrivate(url: string): boolean {
  const host = new URL(url).hostname.replace(/^\[|\]$/g, '');
  return isIP(host) !== 0 && !isPublic(host);
}

const repeated = (names: readonly (Json | undefined)[]): Json[] => {
  const texts = names.filter((name) => typeof name === 'string');
  return [...new Set(texts.filter((name, at) => texts.indexOf(name) !== at))];
};
