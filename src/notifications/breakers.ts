import { circuitBreaker, CircuitState, ConsecutiveBreaker, handleWhenResult, type IBackoff } from 'cockatiel';
import type { Clock } from '../kernel/clock.ts';
import type { Outcome } from './rules.ts';

/** When a destination is left alone: after so many failures in a row, for so many milliseconds, then so many tries at once. */
export interface BreakerTerms {
  failures: number;
  rest: number;
  calls: number;
}

type Ended = Outcome | { kind: 'cut off' };

/** Destinations remembered; the one that was tried longest ago is forgotten, and merely tried. */
const REMEMBERED = 10_000;

/**
 * A circuit breaker for each destination and its terms, in this process. It spares a receiver that is down, and those who
 * would wait for it: what it holds back is not an attempt.
 */
export interface Breakers {
  /** Until when nothing is sent there; null: it may be tried. `run` looks again. */
  restsUntil(key: string, terms: BreakerTerms): Date | null;
  /** `resting`: nothing was sent, and when to look again. */
  run(
    key: string,
    terms: BreakerTerms,
    work: () => Promise<Ended>,
  ): Promise<Ended | { kind: 'resting'; until: Date }>;
}

export function createBreakers(clock: Clock): Breakers {
  const known = new Map<string, Breaker>();
  const of = (key: string, terms: BreakerTerms): Breaker => {
    const id = [key, terms.failures, terms.rest, terms.calls].join(' ');
    const breaker = known.get(id) ?? createBreaker(clock, terms);
    known.delete(id);
    known.set(id, breaker);
    if (known.size > REMEMBERED) known.delete(known.keys().next().value!);
    return breaker;
  };
  return {
    restsUntil: (key, terms) => of(key, terms).restsUntil(),
    run: (key, terms, work) => of(key, terms).run(work),
  };
}

interface Breaker {
  /** Null: it may be tried. */
  restsUntil(): Date | null;
  run(work: () => Promise<Ended>): Promise<Ended | { kind: 'resting'; until: Date }>;
}

/** While half open a few find out for all: as many as `calls`, and it closes once they all went well. */
function createBreaker(clock: Clock, { failures, rest, calls }: BreakerTerms): Breaker {
  let openUntil = clock.now();
  /** Let through since it was last open. */
  let tried = 0;
  const later = () => new Date(clock.now().getTime() + rest);
  // The library looks at the machine's clock; what it compares that with is the house's.
  const backoff: IBackoff<unknown> = {
    get duration() {
      return clock.now() >= openUntil ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
    },
    next() {
      openUntil = later();
      return backoff;
    },
  };
  const policy = circuitBreaker(
    handleWhenResult((ended) => (ended as Ended).kind === 'failed'),
    {
      halfOpenAfter: backoff,
      breaker: new ConsecutiveBreaker(failures),
      halfOpenSampling: { calls, threshold: 0 },
    },
  );
  policy.onHalfOpen(() => void (tried = 0));

  const restsUntil = (): Date | null => {
    if (policy.state === CircuitState.Open && clock.now() < openUntil) return openUntil;
    // The library would let the others wait for what becomes of these: each would keep a place among those who send.
    return policy.state === CircuitState.HalfOpen && tried >= calls ? later() : null;
  };

  return {
    restsUntil,
    run(work) {
      const until = restsUntil();
      if (until !== null) return Promise.resolve({ kind: 'resting', until });
      return policy.execute(() => {
        tried += 1;
        return work();
      });
    },
  };
}
