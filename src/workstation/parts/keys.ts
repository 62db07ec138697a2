// Single keys, as pages declare them: what is active is what is drawn, and the help lists exactly that.
import { useEffect, useEffectEvent, useId } from 'react';
import { createStore } from '../live/store.ts';

export interface KeyBinding {
  /** As KeyboardEvent.key has it, or two after each other: "j", "Enter", "g i". */
  keys: string;
  label: string;
  run: () => void;
}

export interface KeyScope {
  id: string;
  title: string;
  bindings: readonly KeyBinding[];
}

const SETTING = 'holdpoint.single-keys';
/** Milliseconds between the two keys of a pair. */
const PAIR_WITHIN = 1_000;

export const keyScopes = createStore<readonly KeyScope[]>([]);
/** WCAG 2.1.4: who speaks to their machine can turn single keys off. */
export const singleKeys = createStore<boolean>(stored());

function stored(): boolean {
  try {
    return window.localStorage.getItem(SETTING) !== 'off';
  } catch {
    return true;
  }
}

export function turnSingleKeys(on: boolean): void {
  singleKeys.set(on);
  try {
    window.localStorage.setItem(SETTING, on ? 'on' : 'off');
  } catch {
    // A browser that keeps nothing forgets it with the page.
  }
}

/** These keys do this, while the caller is drawn. A later scope goes before an earlier one. */
export function useKeys(title: string, bindings: readonly KeyBinding[]): void {
  const id = useId();
  const labels = bindings.map(({ keys, label }) => `${keys}=${label}`).join('\n');
  const run = useEffectEvent((keys: string) => bindings.find((binding) => binding.keys === keys)?.run());
  const declare = useEffectEvent(() =>
    bindings.map(({ keys, label }) => ({ keys, label, run: () => run(keys) })),
  );
  useEffect(() => {
    const scope = { id, title, bindings: declare() };
    keyScopes.set([...keyScopes.get().filter((other) => other.id !== id), scope]);
    return () => keyScopes.set(keyScopes.get().filter((other) => other !== scope));
  }, [id, title, labels]);
}

/** Whether keys rest: what somebody was writing in is gone, and what they go on typing is meant for it. */
export const keysRest = createStore<boolean>(false);

const WRITTEN_IN = 'input, textarea, [contenteditable]';
const TYPED_INTO = 'input, textarea, select, [contenteditable], dialog';
const PRESSED = 'button, a, summary, [role="button"]';

/**
 * Where somebody is writing, until they send it, leave it or press elsewhere. A text may be taken from under them by what
 * others do; the letters that follow it then approve nothing.
 */
function followWriting() {
  let writing: Element | null = null;
  const end = () => {
    writing = null;
    keysRest.set(false);
  };
  return {
    end,
    /** True: this key is none of ours. */
    takes(event: KeyboardEvent, target: Element): boolean {
      const field = target.closest(WRITTEN_IN);
      if (field !== null) {
        const sends =
          event.key === 'Escape' || (event.key === 'Enter' && !(field instanceof HTMLTextAreaElement));
        if (sends || (event.key === 'Enter' && (event.ctrlKey || event.metaKey))) end();
        else if (event.key.length === 1 || event.key === 'Backspace') writing = field;
        return true;
      }
      if (writing === null || writing.isConnected) return false;
      if (event.key === 'Escape') end();
      else keysRest.set(true);
      return true;
    },
  };
}

/** Listens for the whole page, once. */
export function listenForKeys(): () => void {
  let first = '';
  let firstAt = 0;
  const writing = followWriting();
  const onKey = (event: KeyboardEvent) => {
    const target = event.target instanceof Element ? event.target : document.body;
    if (writing.takes(event, target)) return;
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.defaultPrevented) return;
    if (!singleKeys.get() || target.closest(TYPED_INTO) || document.querySelector('dialog[open]')) return;
    if ((event.key === 'Enter' || event.key === ' ') && target.closest(PRESSED)) return;
    const pair = event.timeStamp - firstAt < PAIR_WITHIN ? `${first} ${event.key}` : '';
    const binding = find(pair) ?? find(event.key);
    first = event.key;
    firstAt = event.timeStamp;
    if (!binding || (event.repeat && !/^[jk]$|^Arrow/.test(event.key))) return;
    if (binding.keys === pair) first = '';
    event.preventDefault();
    binding.run();
  };
  document.addEventListener('keydown', onKey);
  // Pressing or going elsewhere is somebody's own doing; that a field vanishes moves no focus to another.
  for (const type of ['pointerdown', 'focusin'] as const) document.addEventListener(type, writing.end);
  return () => {
    document.removeEventListener('keydown', onKey);
    for (const type of ['pointerdown', 'focusin'] as const) document.removeEventListener(type, writing.end);
  };
}

function find(keys: string): KeyBinding | undefined {
  for (const scope of keyScopes.get().toReversed()) {
    const binding = scope.bindings.find((candidate) => candidate.keys === keys);
    if (binding) return binding;
  }
  return undefined;
}
