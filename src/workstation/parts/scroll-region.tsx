import './scroll-region.css';
import type { ReactNode } from 'react';

/** What may be wider than the page, such as a table: it scrolls by itself, and a keyboard reaches it. */
export function ScrollRegion({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div className="scroll-region" role="region" aria-label={label} tabIndex={0}>
      {children}
    </div>
  );
}
