import { type ReactNode, useEffect, useRef } from 'react';

/** What opens below a word, and closes as soon as somebody turns to something else. */
export function Menu({
  title,
  className,
  children,
}: {
  title: ReactNode;
  className: string;
  children: ReactNode;
}) {
  const menu = useRef<HTMLDetailsElement>(null);
  useEffect(() => {
    const shown = menu.current;
    if (shown === null) return;
    const close = (event: Event) => {
      if (!shown.open || (event.target instanceof Node && shown.contains(event.target))) return;
      shown.open = false;
    };
    const escape = (event: KeyboardEvent) => {
      if (event.key !== 'Escape' || !shown.open) return;
      shown.open = false;
      shown.querySelector('summary')?.focus();
    };
    document.addEventListener('pointerdown', close);
    document.addEventListener('focusin', close);
    shown.addEventListener('keydown', escape);
    return () => {
      document.removeEventListener('pointerdown', close);
      document.removeEventListener('focusin', close);
      shown.removeEventListener('keydown', escape);
    };
  }, []);
  return (
    <details ref={menu} className={className}>
      <summary>{title}</summary>
      {children}
    </details>
  );
}
