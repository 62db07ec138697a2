// News of what waits, outside the page: notifications of the desktop and a sound. Each is off until somebody turns it on
// by a press, which is also when the browser asks whether it may.
import { createStore } from '../live/store.ts';
import { plainly } from '../parts/marks.ts';
import { texts } from '../texts.ts';
import type { Item } from './item.ts';

export interface Announcing {
  desktop: boolean;
  sound: boolean;
  /** The browser was asked, and its user said no. */
  denied: boolean;
}

const SETTING = 'holdpoint.announce';

export const announcing = createStore<Announcing>(kept());

function kept(): Announcing {
  let setting = '';
  try {
    setting = window.localStorage.getItem(SETTING) ?? '';
  } catch {
    // Off.
  }
  const granted = 'Notification' in window && Notification.permission === 'granted';
  return { desktop: granted && setting.includes('desktop'), sound: setting.includes('sound'), denied: false };
}

function keep(next: Announcing): void {
  announcing.set(next);
  try {
    const setting = [next.desktop && 'desktop', next.sound && 'sound'].filter(Boolean).join(',');
    window.localStorage.setItem(SETTING, setting);
  } catch {
    // A browser that keeps nothing forgets it with the page.
  }
}

export async function turnDesktop(on: boolean): Promise<void> {
  if (!on) return keep({ ...announcing.get(), desktop: false });
  if (!('Notification' in window)) return keep({ ...announcing.get(), denied: true });
  const permission = await Notification.requestPermission();
  keep({ ...announcing.get(), desktop: permission === 'granted', denied: permission !== 'granted' });
}

let audio: AudioContext | undefined;

/** A press is what lets a page make sounds; this is called from one. */
export function turnSound(on: boolean): void {
  keep({ ...announcing.get(), sound: on });
  if (on) ring();
}

function ring(): void {
  audio ??= new AudioContext();
  const { currentTime, destination } = audio;
  const gain = audio.createGain();
  gain.gain.setValueAtTime(0.12, currentTime);
  gain.gain.exponentialRampToValueAtTime(0.001, currentTime + 0.4);
  gain.connect(destination);
  for (const [delay, pitch] of [
    [0, 660],
    [0.12, 880],
  ] as const) {
    const tone = audio.createOscillator();
    tone.frequency.value = pitch;
    tone.connect(gain);
    tone.start(currentTime + delay);
    tone.stop(currentTime + 0.4);
  }
}

/** What is new and waits. Many at once are one notification: an agent in a loop must not fill the desktop. */
export function announce(fresh: readonly Item[]): void {
  const { desktop, sound } = announcing.get();
  const first = fresh[0];
  if (first === undefined) return;
  if (sound) ring();
  if (!desktop || document.visibilityState === 'visible') return;
  const title =
    fresh.length === 1 ? texts.announce.one(texts.types[first.type]) : texts.announce.many(fresh.length);
  const shown = new Notification(title, {
    body: fresh.length === 1 ? plainly(`${first.agent}: ${first.title}`) : texts.announce.open,
    // A later one takes the place of an earlier one that nobody has looked at.
    tag: 'holdpoint',
  });
  shown.addEventListener('click', () => window.focus());
}
