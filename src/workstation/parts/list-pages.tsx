import { partTexts } from '../texts.ts';

interface PageInfo {
  startCursor?: string | null;
  endCursor?: string | null;
  hasNextPage: boolean;
  hasPreviousPage: boolean;
}

/** The cursors of a page: one of the two, or neither for the newest. */
export interface PageAt {
  after?: string | undefined;
  before?: string | undefined;
}

/** As the API asks for a page of a list that comes newest first. */
export const pageArguments = ({ after, before }: PageAt, size: number) =>
  before === undefined ? { first: size, after: after ?? null } : { last: size, before };

/** To the pages before and after this one, of a list that comes newest first. */
export function ListPages({
  of,
  info,
  at,
  onGo,
}: {
  /** What the list is called: a page may have several. */
  of: string;
  info: PageInfo;
  at: PageAt;
  onGo: (page: PageAt) => void;
}) {
  const first = at.after === undefined && at.before === undefined;
  if (first && !info.hasNextPage) return null;
  return (
    <nav className="actions" aria-label={partTexts.paging.label(of)}>
      <button type="button" disabled={first} onClick={() => onGo({})}>
        {partTexts.paging.newest}
      </button>
      <button
        type="button"
        disabled={first || (at.before !== undefined && !info.hasPreviousPage)}
        onClick={() => onGo({ before: info.startCursor ?? undefined })}
      >
        {partTexts.paging.newer}
      </button>
      <button
        type="button"
        disabled={at.before === undefined && !info.hasNextPage}
        onClick={() => onGo({ after: info.endCursor ?? undefined })}
      >
        {partTexts.paging.older}
      </button>
    </nav>
  );
}
