import { Component, type ReactNode } from 'react';
import { texts } from '../texts.ts';

interface State {
  error: Error | null;
}

/** What breaks while it is drawn is told in its own place, and the rest of the workstation goes on. */
export class ErrorBoundary extends Component<{ children: ReactNode }, State> {
  override state: State = { error: null };

  static getDerivedStateFromError(error: unknown): State {
    return { error: error instanceof Error ? error : new Error(String(error)) };
  }

  override render(): ReactNode {
    const { error } = this.state;
    return error === null ? this.props.children : <Broken error={error} />;
  }
}

/** A part of the app that the server no longer has: it was built anew since this page was opened. */
const isMissingPart = (error: Error): boolean =>
  /dynamically imported module|Importing a module script failed|Unable to preload/i.test(error.message);

export function Broken({ error }: { error: Error }) {
  return (
    <div className="notice notice-bad" role="alert">
      <h1>{texts.faults.boundaryTitle}</h1>
      <p>{isMissingPart(error) ? texts.faults.newVersion : texts.faults.boundary}</p>
      <pre className="break">{error.message}</pre>
      <button type="button" onClick={() => window.location.reload()}>
        {texts.reload}
      </button>
    </div>
  );
}
