import { type ReactNode, useEffect } from 'react';
import { texts } from '../texts.ts';

/** What every page is drawn in: its title, in the document's too, what can be done on it, and its contents. */
export function Page({ title, aside, children }: { title: string; aside?: ReactNode; children: ReactNode }) {
  useEffect(() => {
    document.title = texts.title(title);
  }, [title]);
  return (
    <div className="page">
      <header className="page-head">
        <h1>{title}</h1>
        {aside}
      </header>
      {children}
    </div>
  );
}
