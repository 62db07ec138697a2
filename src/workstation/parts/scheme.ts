// Light, dark, or as the system: an attribute of the page that theme.css goes by, kept in this browser.
import { createStore } from '../live/store.ts';

export const schemes = ['auto', 'light', 'dark'] as const;
export type Scheme = (typeof schemes)[number];

const SETTING = 'holdpoint.scheme';

export const scheme = createStore<Scheme>('auto');

/** What the configuration has for whoever has not chosen; `auto`: nothing. */
export const suggested = createStore<Scheme>('auto');

const show = (): void => {
  const chosen = scheme.get();
  document.documentElement.dataset.scheme = chosen === 'auto' ? suggested.get() : chosen;
};

/** What the configuration has for whoever has not chosen; null: as the system. */
export function suggestScheme(theme: 'light' | 'dark' | null): void {
  suggested.set(theme ?? 'auto');
  show();
}

export function chooseScheme(chosen: Scheme): void {
  scheme.set(chosen);
  show();
  try {
    window.localStorage.setItem(SETTING, chosen);
  } catch {
    // A browser that keeps nothing forgets it with the page.
  }
}

export function applyKeptScheme(): void {
  let kept: string | null = null;
  try {
    kept = window.localStorage.getItem(SETTING);
  } catch {
    // As the system has it.
  }
  chooseScheme(schemes.find((known) => known === kept) ?? 'auto');
}
