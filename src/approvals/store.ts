import type { Tx } from '../database/transact.ts';
import { Prisma, type Approval, type ApprovalVote } from '../generated/prisma/client.ts';
import type { VotedApproval } from '../sessions/aggregate.ts';
import { approvalColumns, approvalMoves, snake, voteColumns } from '../sessions/columns.ts';

// Rows of approvals that belong to no session. As one JSON text, not through the model: Prisma's own serialisation
// fails on data with keys such as "constructor".

const record = (columns: Record<string, string>) =>
  Prisma.raw(
    Object.entries(columns)
      .map(([field, type]) => `"${field}" ${type}`)
      .join(', '),
  );
const names = (columns: Record<string, string>) => Prisma.raw(Object.keys(columns).map(snake).join(', '));
const values = (columns: Record<string, string>) =>
  Prisma.raw(
    Object.keys(columns)
      .map((field) => `r."${field}"`)
      .join(', '),
  );

const approvalRecord = record(approvalColumns);
const moves = Prisma.raw(approvalMoves.map((field) => `${snake(field)} = r."${field}"`).join(', '));

export async function insertApproval(tx: Tx, approval: Approval): Promise<void> {
  await tx.$executeRaw`
    INSERT INTO approvals (${names(approvalColumns)})
    SELECT ${values(approvalColumns)} FROM jsonb_to_record(${JSON.stringify(approval)}::jsonb) AS r(${approvalRecord})`;
}

/** Where it still stands at the version that was read; it was locked, so anything else is a defect. */
export async function updateApproval(
  tx: Tx,
  { votes: _votes, ...approval }: VotedApproval,
  version: number,
  vote: ApprovalVote | null,
): Promise<void> {
  const updated = await tx.$executeRaw`
    UPDATE approvals a SET version = a.version + 1, ${moves}
    FROM jsonb_to_record(${JSON.stringify(approval)}::jsonb) AS r(${approvalRecord})
    WHERE a.id = r.id AND a.version = ${version}`;
  if (updated !== 1) throw new Error(`the approval ${approval.id} was changed under its lock`);
  if (vote === null) return;
  await tx.$executeRaw`
    INSERT INTO approval_votes (${names(voteColumns)})
    SELECT ${values(voteColumns)} FROM jsonb_to_record(${JSON.stringify(vote)}::jsonb) AS r(${record(voteColumns)})`;
}
