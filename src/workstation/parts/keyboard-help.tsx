import { useStore } from '../live/store.ts';
import { texts } from '../texts.ts';
import { Dialog } from './dialog.tsx';
import { keyScopes, singleKeys, turnSingleKeys } from './keys.ts';

/** All keys that do something where it is opened. */
export function KeyboardHelp({ onClose }: { onClose: () => void }) {
  const scopes = useStore(keyScopes);
  const on = useStore(singleKeys);
  return (
    <Dialog title={texts.keys.title} onClose={onClose} wide>
      <div className="key-scopes">
        {scopes.toReversed().map(({ id, title, bindings }) => (
          <section key={id}>
            <h3>{title}</h3>
            <dl className="keys">
              {bindings.map(({ keys, label }) => (
                <div key={keys}>
                  <dt>
                    {keys.split(' ').map((key) => (
                      <kbd key={key}>{key}</kbd>
                    ))}
                  </dt>
                  <dd>{label}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
      <label className="check">
        <input type="checkbox" checked={on} onChange={({ target }) => turnSingleKeys(target.checked)} />
        {texts.keys.on}
      </label>
      <p className="faint">{texts.keys.hint}</p>
    </Dialog>
  );
}
