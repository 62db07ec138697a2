import { z } from 'zod';
import { MAX_SECONDS } from '../kernel/bounds.ts';

// What a configuration's values are made of, each with its fault in words that say what it must be.

export const whole = (min: number, max: number, description?: string) => {
  const message = `must be a whole number from ${min} to ${max}`;
  const number = z.int(message).min(min, message).max(max, message);
  return description === undefined ? number : number.describe(description);
};
export const seconds = (description: string) => whole(1, MAX_SECONDS, `${description}, in seconds`);
export const yesOrNo = (description?: string) => {
  const truth = z.boolean('must be true or false');
  return description === undefined ? truth : truth.describe(description);
};
export const mapping = <Shape extends z.ZodRawShape>(shape: Shape) =>
  z.strictObject(shape, 'must be a mapping');
export const list = <Item extends z.ZodType>(item: Item, most: number, least = 0) =>
  z
    .array(item, 'must be a list')
    .min(least, `must have at least ${least} ${least === 1 ? 'entry' : 'entries'}`)
    .max(most, `must have at most ${most} entries`);
export const text = (most: number, description?: string) => {
  const string = z
    .string('must be a text')
    .min(1, 'must not be empty')
    .refine((value) => Array.from(value).length <= most, `must have at most ${most} characters`);
  return description === undefined ? string : string.describe(description);
};
export const oneOf = <const Names extends readonly string[]>(names: Names, description?: string) => {
  const choice = z.enum(names, `must be one of ${names.join(', ')}`);
  return description === undefined ? choice : choice.describe(description);
};
/** Each entry of a list by another `key`: the later ones are told which came first. */
export function onceEach<Key extends string>(
  entries: readonly Record<Key, string>[],
  key: Key,
  what: string,
  context: z.RefinementCtx,
): void {
  const first = new Map<string, number>();
  entries.forEach(({ [key]: name }, at) => {
    const before = first.get(name);
    if (before === undefined) first.set(name, at);
    else
      context.addIssue({
        code: 'custom',
        path: [at, key],
        message: `names ${what}.${before} names already`,
      });
  });
}
