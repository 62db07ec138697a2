import { teamsTexts } from '../texts.ts';

const words = teamsTexts.figures;

/** How much waits and how much runs in a team. */
export function TeamFigures({
  status,
}: {
  status: {
    activeSessions: number;
    waitingSessions: number;
    pendingInterventions: number;
    pendingApprovals: number;
  };
}) {
  const figures = [
    [words.pending, status.pendingInterventions],
    [words.approvals, status.pendingApprovals],
    [words.active, status.activeSessions],
    [words.waiting, status.waitingSessions],
  ] as const;
  return (
    <dl className="tiles">
      {figures.map(([label, count]) => (
        <div key={label} className="tile">
          <dt className="faint">{label}</dt>
          <dd data-figure={label}>{count.toLocaleString('en')}</dd>
        </div>
      ))}
    </dl>
  );
}
