-- CreateEnum
CREATE TYPE "standing_approval_ending" AS ENUM ('REVOKED', 'EXPIRED');

-- AlterTable
ALTER TABLE "approvals" ADD COLUMN     "standing_id" TEXT;

-- CreateTable
CREATE TABLE "standing_approvals" (
    "id" TEXT NOT NULL,
    "project_id" TEXT NOT NULL,
    "team_id" TEXT NOT NULL,
    "approval_id" TEXT NOT NULL,
    "agent_name" TEXT NOT NULL,
    "action" TEXT NOT NULL,
    "condition" TEXT,
    "maximum_risk" "risk_level" NOT NULL,
    "maximum_uses" INTEGER NOT NULL,
    "maximum_cost" DECIMAL(20,4) NOT NULL,
    "uses" INTEGER NOT NULL DEFAULT 0,
    "cost" DECIMAL(20,4) NOT NULL DEFAULT 0,
    "reason" TEXT,
    "granted_by" JSONB NOT NULL,
    "granted_by_id" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "last_used_at" TIMESTAMPTZ(3),
    "ending" "standing_approval_ending",
    "ended_at" TIMESTAMPTZ(3),
    "ended_by" JSONB,
    "end_reason" TEXT,

    CONSTRAINT "standing_approvals_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "standing_approvals_project_id_id_idx" ON "standing_approvals"("project_id", "id");

-- CreateIndex
CREATE INDEX "standing_approvals_team_id_id_idx" ON "standing_approvals"("team_id", "id");

-- What the schema language has no words for, by hand from here on.

-- Those that an agent's call may be let through by, and those that the clock or their granter's loss of authority ends.
CREATE INDEX "standing_approvals_live_idx" ON "standing_approvals" ("team_id", "agent_name", "id") WHERE "ended_at" IS NULL;
CREATE INDEX "standing_approvals_due_idx" ON "standing_approvals" ("expires_at") WHERE "ended_at" IS NULL;

-- The last word on the bounds, whatever the code above it gets wrong: a use too many cannot be written.
ALTER TABLE "standing_approvals"
  ADD CONSTRAINT "standing_approvals_uses_check" CHECK ("uses" BETWEEN 0 AND "maximum_uses"),
  ADD CONSTRAINT "standing_approvals_risk_check" CHECK ("maximum_risk" IN ('LOW', 'MEDIUM'));

-- Whether who granted one may still approve.
CREATE INDEX "api_keys_user_idx" ON "api_keys" ("user_id") WHERE "revoked_at" IS NULL;
