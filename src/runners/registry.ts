import type { UserError } from '../kernel/errors.ts';
import type { JsonObject } from '../kernel/json.ts';
import { EXTERNAL } from '../sessions/rules.ts';
import type { Runner } from './runner.ts';

export interface Registry {
  /** Null: there is none of this name here. */
  find(name: string): Runner | null;
  /** Why no session can be started with this runner and context, or null (behaviour 3.4). */
  fault(name: string, context: JsonObject): UserError | null;
}

/** The runners of this server, by their names. `external` is never among them: its agents run elsewhere. */
export function createRegistry(runners: readonly Runner[]): Registry {
  const byName = new Map(runners.map((runner) => [runner.name, runner]));
  return {
    find: (name) => byName.get(name) ?? null,
    fault(name, context) {
      if (name === EXTERNAL) return null;
      const runner = byName.get(name);
      if (runner === undefined)
        return {
          code: 'INVALID_INPUT',
          message: `there is no runner ${JSON.stringify(name)}`,
          path: ['runner'],
        };
      const message = runner.fault?.(context) ?? null;
      return message === null ? null : { code: 'INVALID_INPUT', message, path: ['context'] };
    },
  };
}
