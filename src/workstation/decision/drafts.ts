// What somebody has written about an item and not sent. It outlasts the panel: whoever looks elsewhere, or is turned down
// after they have, finds it where they left it. The page's own memory, and no other's.
import { useState } from 'react';

const kept = new Map<string, Map<string, unknown>>();

/** State of one field of an item's answer, kept until the answer is sent. */
export function useDraft<Value>(
  itemId: string,
  field: string,
  initial: Value | (() => Value),
): [Value, (value: Value) => void] {
  const [value, setValue] = useState<Value>(() => {
    const draft = kept.get(itemId);
    if (draft?.has(field)) return draft.get(field) as Value;
    return typeof initial === 'function' ? (initial as () => Value)() : initial;
  });
  return [
    value,
    (next) => {
      const draft = kept.get(itemId) ?? new Map<string, unknown>();
      kept.set(itemId, draft.set(field, next));
      setValue(next);
    },
  ];
}

/** Once it is sent, or thrown away; `except`: the fields that stay. */
export function dropDraft(itemId: string, except: readonly string[] = []): void {
  const draft = kept.get(itemId);
  const stays = [...(draft ?? [])].filter(([field]) => except.includes(field));
  if (stays.length > 0) kept.set(itemId, new Map(stays));
  else kept.delete(itemId);
}

export const dropAllDrafts = (): void => kept.clear();

/** The items that something was written about. */
export const drafted = (): string[] => [...kept.keys()];
