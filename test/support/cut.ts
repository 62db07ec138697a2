import { expect } from 'vitest';
import type { PrismaClient } from '../../src/generated/prisma/client.ts';

/**
 * Runs the work again and again as if its process were killed: at its first written statement, then at its second, until
 * it comes to its end. Answers with how often it was run.
 */
export async function eachTimeFurther(
  prisma: PrismaClient,
  work: (cut: PrismaClient) => Promise<unknown>,
): Promise<number> {
  for (let statements = 0; ; statements++) {
    let left = statements;
    const cut = new Proxy(prisma, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name, target);
        if (name !== '$executeRaw') return value;
        return (...sql: Parameters<PrismaClient['$executeRaw']>) =>
          left-- <= 0 ? Promise.reject(new Error('the process is killed')) : target.$executeRaw(...sql);
      },
    });
    const killed = await work(cut).then(
      () => false,
      (error: Error) => {
        expect(error.message).toContain('killed');
        return true;
      },
    );
    if (!killed) return statements + 1;
  }
}
