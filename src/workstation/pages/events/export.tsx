import { useEffect, useRef, useState } from 'react';
import { type EventFilter, TrailForwardDocument } from '../../generated/graphql.ts';
import type { Fault } from '../../live/fault.ts';
import { FaultNotice } from '../../parts/fault-notice.tsx';
import { instant } from '../../parts/time.ts';
import { useAsk } from '../../parts/use-ask.ts';
import { eventsTexts as words } from '../../texts.ts';
import { type Format, headOf, lineOf, mediaTypes } from './write-out.ts';

const PAGE = 100;
/** Events of one file: it is held in memory until it is whole. */
const MOST = 50_000;

type Progress =
  | { kind: 'running'; count: number }
  | { kind: 'done'; count: number; cutAt: string | null }
  | { kind: 'failed'; count: number; fault: Fault };

/** All that the filters match as a file, read page by page. */
export function Export({ filter }: { filter: EventFilter }) {
  const ask = useAsk(TrailForwardDocument);
  const [progress, setProgress] = useState<Progress | null>(null);
  const run = useRef(0);
  useEffect(
    () => () => {
      run.current += 1;
    },
    [],
  );

  const stop = () => {
    run.current += 1;
    setProgress(null);
  };
  const write = async (format: Format) => {
    run.current += 1;
    const mine = run.current;
    const parts = [headOf(format)];
    let count = 0;
    let last = '';
    setProgress({ kind: 'running', count });
    for (let after: string | null = null; ; ) {
      const answer = await ask({ filter, first: Math.min(PAGE, MOST - count), after });
      if (run.current !== mine) return;
      if (answer.kind === 'failed') return setProgress({ kind: 'failed', count, fault: answer.fault });
      const { nodes, pageInfo } = answer.data.events;
      for (const event of nodes) parts.push(lineOf(format, event));
      count += nodes.length;
      last = nodes.at(-1)?.occurredAt ?? last;
      after = pageInfo.endCursor ?? null;
      setProgress({ kind: 'running', count });
      if (pageInfo.hasNextPage && count < MOST) continue;
      if (count > 0) save(parts, format);
      return setProgress({ kind: 'done', count, cutAt: pageInfo.hasNextPage ? last : null });
    }
  };

  return (
    <details className="export">
      <summary>{words.export}</summary>
      <p className="faint">
        {words.exportLead(MOST)} {words.csvHint}
      </p>
      <div className="actions">
        {progress?.kind === 'running' ? (
          <button type="button" onClick={stop}>
            {words.stop}
          </button>
        ) : (
          <>
            <button type="button" onClick={() => void write('jsonl')}>
              {words.jsonLines}
            </button>
            <button type="button" onClick={() => void write('csv')}>
              {words.csv}
            </button>
          </>
        )}
      </div>
      <div role="status">{progress && <Told progress={progress} />}</div>
    </details>
  );
}

function Told({ progress }: { progress: Progress }) {
  switch (progress.kind) {
    case 'running':
      return <p>{words.exporting(progress.count)}</p>;
    case 'failed':
      return <FaultNotice fault={progress.fault} />;
    case 'done':
      if (progress.count === 0) return <p>{words.nothing}</p>;
      return progress.cutAt === null ? (
        <p>{words.exported(progress.count)}</p>
      ) : (
        <p className="notice notice-warn">{words.cut(progress.count, instant(progress.cutAt))}</p>
      );
  }
}

function save(parts: string[], format: Format): void {
  const address = URL.createObjectURL(new Blob(parts, { type: mediaTypes[format] }));
  const link = document.createElement('a');
  link.href = address;
  link.download = `events.${format}`;
  link.click();
  // The browser has begun to read it once the click was taken.
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
