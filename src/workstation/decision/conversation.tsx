import { useState } from 'react';
import { Ago } from '../parts/countdown.tsx';
import { UntrustedText } from '../parts/untrusted-text.tsx';
import { texts } from '../texts.ts';

const LATEST = 6;

/** What was said so far, the newest last; the whole of a long one on demand. */
export function Conversation({
  opening,
  turns,
}: {
  opening: string;
  turns: readonly { agentName: string; input: string; response: string; timestamp: string }[];
}) {
  const [all, setAll] = useState(false);
  const shown = all ? turns : turns.slice(-LATEST);
  return (
    <div className="conversation">
      <div>
        <span className="faint">{texts.decision.opening}</span>
        <UntrustedText text={opening} />
      </div>
      {shown.length < turns.length && (
        <button type="button" className="quiet fold" onClick={() => setAll(true)}>
          {texts.decision.earlier(turns.length - shown.length)}
        </button>
      )}
      <ol>
        {shown.map(({ agentName, input, response, timestamp }) => (
          <li key={timestamp + agentName}>
            <p className="faint">
              <UntrustedText text={agentName} inline /> · <Ago at={timestamp} />
            </p>
            {input !== '' && (
              <blockquote>
                <UntrustedText text={input} />
              </blockquote>
            )}
            <UntrustedText text={response} />
          </li>
        ))}
      </ol>
    </div>
  );
}
