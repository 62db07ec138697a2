import { type ReactNode, useEffect, useId, useRef } from 'react';
import { texts } from '../texts.ts';

/**
 * A dialog that holds the page until it is closed. It is there while it is drawn: draw it where it is wanted. One that is
 * `kept` is closed by its own button alone: neither Escape nor a click beside it takes away what cannot be shown again.
 */
export function Dialog({
  title,
  onClose,
  children,
  wide = false,
  kept = false,
}: {
  title: string;
  onClose: () => void;
  children: ReactNode;
  wide?: boolean;
  kept?: boolean;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  const heading = useId();
  useEffect(() => {
    const shown = dialog.current;
    shown?.showModal();
    return () => shown?.close();
  }, []);
  return (
    <dialog
      ref={dialog}
      aria-labelledby={heading}
      className={wide ? 'dialog dialog-wide' : 'dialog'}
      onKeyDown={(event) => {
        // A browser heeds a refused `cancel` once; the second Escape would close all the same.
        if (kept && event.key === 'Escape') event.preventDefault();
      }}
      onCancel={(event) => {
        event.preventDefault();
        if (!kept) onClose();
      }}
    >
      <header className="dialog-head">
        <h2 id={heading}>{title}</h2>
        {!kept && (
          <button type="button" className="quiet" onClick={onClose}>
            {texts.close}
          </button>
        )}
      </header>
      {children}
    </dialog>
  );
}
