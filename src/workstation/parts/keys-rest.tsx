import { useStore } from '../live/store.ts';
import { texts } from '../texts.ts';
import { keysRest } from './keys.ts';

/** Says why keys do nothing for now, and how they come back. */
export function KeysRest() {
  return useStore(keysRest) ? (
    <p className="notice notice-warn" role="alert">
      {texts.keysRest}
    </p>
  ) : null;
}
