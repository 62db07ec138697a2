import { useMemo, useState } from 'react';
import { texts } from '../texts.ts';
import { Dialog } from './dialog.tsx';
import { type Evidence, stretchesOf } from './evidence.ts';
import { beginningOf, BRIEF, LINE, LONG } from './fold.ts';
import { type Piece, piecesOf } from './marks.ts';

const NONE: readonly Evidence[] = [];

/**
 * Text that an agent, or anybody outside, wrote. It is text and never markup; characters that would not be seen are marks,
 * and links say where they lead before they lead there. `inline` is for one line among others. What
 * `evidence` points at is marked in it. What is long is folded, `brief` sooner: an agent's flood must not push away what is to
 * be decided.
 */
export function UntrustedText({
  text,
  inline = false,
  evidence = NONE,
  brief = false,
}: {
  text: string;
  inline?: boolean;
  evidence?: readonly Evidence[] | undefined;
  brief?: boolean;
}) {
  const [whole, setWhole] = useState(false);
  const [link, setLink] = useState<(Piece & { kind: 'link' }) | null>(null);
  const bound = brief ? BRIEF : LONG;
  const folded = useMemo(() => beginningOf(text, inline ? LINE : bound), [inline, text, bound]);
  const long = folded !== null;
  const lines = long ? text.split('\n').length : 1;
  const shown = long && !whole ? folded : text;
  const stretches = useMemo(() => stretchesOf(shown, evidence), [shown, evidence]);
  return (
    <>
      <bdi className={inline ? 'untrusted untrusted-inline' : 'untrusted'} dir="auto">
        {stretches.map((stretch, index) => {
          const pieces = piecesOf(stretch.text).map((piece, place) => (
            <PieceOf key={place} piece={piece} onLink={setLink} inline={inline} />
          ));
          if (stretch.evidence === null) return <span key={index}>{pieces}</span>;
          return (
            <mark key={index} className={`evidence evidence-${stretch.evidence.level.toLowerCase()}`}>
              {pieces}
              <span className="hidden-label"> [{stretch.evidence.label}]</span>
            </mark>
          );
        })}
      </bdi>
      {long && (
        <button type="button" className="quiet fold" onClick={() => setWhole(!whole)} aria-expanded={whole}>
          {whole
            ? texts.untrusted.less
            : lines > bound.lines
              ? texts.untrusted.more(lines)
              : texts.untrusted.moreLetters(text.length)}
        </button>
      )}
      {link && <LinkDialog link={link} onClose={() => setLink(null)} />}
    </>
  );
}

function PieceOf({
  piece,
  onLink,
  inline,
}: {
  piece: Piece;
  onLink: (link: Piece & { kind: 'link' }) => void;
  inline: boolean;
}) {
  if (piece.kind === 'text') return piece.text;
  if (piece.kind === 'mark')
    return (
      <span className="mark" role="img" aria-label={texts.untrusted.mark(piece.name, piece.code)}>
        {piece.name}
      </span>
    );
  // Within a row that is itself pressed, a link is only shown to be one.
  if (inline)
    return (
      <span className="untrusted-link">
        {piece.text} <span className="host">[{piece.host}]</span>
      </span>
    );
  return (
    <>
      <button
        type="button"
        className="untrusted-link"
        onClick={() => onLink(piece)}
        title={texts.untrusted.link(piece.host)}
      >
        {piece.text}
      </button>{' '}
      <span className="host">[{piece.host}]</span>
    </>
  );
}

function LinkDialog({ link, onClose }: { link: Piece & { kind: 'link' }; onClose: () => void }) {
  const [copied, setCopied] = useState(false);
  return (
    <Dialog title={texts.untrusted.linkTitle} onClose={onClose}>
      <p>{texts.untrusted.linkLead}</p>
      <p>
        <strong className="break">{link.host}</strong>
      </p>
      <p>
        <code className="break">{link.href}</code>
      </p>
      <div className="actions">
        <button
          type="button"
          onClick={() => {
            void navigator.clipboard.writeText(link.href).then(() => setCopied(true));
          }}
        >
          {copied ? texts.untrusted.linkCopied : texts.untrusted.linkCopy}
        </button>
        <a
          className="button"
          href={link.href}
          target="_blank"
          rel="noopener noreferrer nofollow"
          onClick={onClose}
        >
          {texts.untrusted.linkOpen}
        </a>
      </div>
    </Dialog>
  );
}
