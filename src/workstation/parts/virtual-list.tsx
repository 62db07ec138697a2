import { useVirtualizer } from '@tanstack/react-virtual';
import { type ReactNode, useEffect, useEffectEvent, useRef } from 'react';

export interface VirtualRow {
  key: string;
  /** About so many pixels, until it has been drawn and measured. */
  height: number;
}

/**
 * A list of any length, of which only what is near the eye is in the document. Its rows are `li`; each says by itself
 * which of how many it is. `current` is kept in sight when it changes.
 */
export function VirtualList<Row extends VirtualRow>({
  rows,
  current,
  label,
  children,
}: {
  rows: readonly Row[];
  current: number;
  label: string;
  children: (row: Row, index: number) => ReactNode;
}) {
  const scroller = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: (index) => rows[index]?.height ?? 0,
    getItemKey: (index) => rows[index]?.key ?? index,
    overscan: 8,
  });
  const key = rows[current]?.key;
  const keepInSight = useEffectEvent(() => virtual.scrollToIndex(current, { align: 'auto' }));
  // Only where another row became current: a list that grows stays where it is read.
  useEffect(() => {
    if (key !== undefined) keepInSight();
  }, [key]);
  return (
    <div ref={scroller} className="virtual">
      <ul aria-label={label} style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map(({ index, start }) => {
          const row = rows[index];
          return row === undefined ? null : (
            <li
              key={row.key}
              ref={virtual.measureElement}
              data-index={index}
              aria-setsize={rows.length}
              aria-posinset={index + 1}
              style={{ transform: `translateY(${start}px)` }}
            >
              {children(row, index)}
            </li>
          );
        })}
      </ul>
    </div>
  );
}
