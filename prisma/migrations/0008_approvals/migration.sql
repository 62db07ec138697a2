-- AlterTable
ALTER TABLE "approvals" ADD COLUMN     "settled_at" TIMESTAMPTZ(3);

-- What the schema language has no words for, by hand from here on.

-- An agent's calls and answers, the newest first: what its history is counted over (behaviour 5.4).
CREATE INDEX "approvals_agent_idx" ON "approvals" ("team_id", ("proposal"->>'agentName'), "id" DESC)
  WHERE "kind" IN ('AGENT_CALL', 'RESPONSE');
