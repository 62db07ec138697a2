import { useStore } from '../../live/store.ts';
import { announcing, turnDesktop, turnSound } from '../../queue/announce.ts';
import { texts } from '../../texts.ts';

/** Off until it is pressed; that press is when the browser asks. */
export function AnnounceSettings() {
  const { desktop, sound, denied } = useStore(announcing);
  return (
    <div className="announce">
      <label className="check">
        <input
          type="checkbox"
          checked={desktop}
          onChange={({ target }) => void turnDesktop(target.checked)}
        />
        {texts.announce.desktop}
      </label>
      <label className="check">
        <input type="checkbox" checked={sound} onChange={({ target }) => turnSound(target.checked)} />
        {texts.announce.sound}
      </label>
      {denied && <span role="alert">{texts.announce.denied}</span>}
    </div>
  );
}
