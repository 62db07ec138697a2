/** Opens once so many have arrived at it. */
export interface Gate {
  /** Resolves when the gate opens. */
  arrive(): Promise<void>;
}

export function gate(count: number): Gate {
  const { promise, resolve } = Promise.withResolvers<void>();
  let arrived = 0;
  return {
    arrive() {
      arrived += 1;
      if (arrived === count) resolve();
      return promise;
    },
  };
}
