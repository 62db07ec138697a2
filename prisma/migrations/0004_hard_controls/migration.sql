-- CreateEnum
CREATE TYPE "approval_kind" AS ENUM ('AGENT_CALL', 'RESPONSE', 'BUDGET_OVERRIDE', 'RECOVERY_PLAN', 'RECOVERY_STEP');

-- CreateEnum
CREATE TYPE "approval_status" AS ENUM ('PENDING', 'APPROVED', 'REJECTED', 'REQUIRES_MODIFICATION', 'TIMED_OUT', 'CANCELLED');

-- CreateEnum
CREATE TYPE "approval_verdict" AS ENUM ('APPROVE', 'REJECT', 'REQUEST_MODIFICATION');

-- CreateEnum
CREATE TYPE "risk_level" AS ENUM ('LOW', 'MEDIUM', 'HIGH', 'CRITICAL');

-- CreateEnum
CREATE TYPE "budget_limit_type" AS ENUM ('TOKEN_DAILY', 'TOKEN_MONTHLY', 'COST_DAILY', 'COST_MONTHLY');

-- CreateEnum
CREATE TYPE "budget_alert_type" AS ENUM ('WARNING', 'CRITICAL', 'EMERGENCY');

-- CreateEnum
CREATE TYPE "reservation_status" AS ENUM ('HELD', 'COMMITTED', 'RELEASED', 'EXPIRED');

-- CreateEnum
CREATE TYPE "stop_condition" AS ENUM ('BUDGET_CRITICAL', 'ERROR_RATE_HIGH', 'SECURITY_THREAT', 'MANUAL_STOP', 'RESOURCE_EXHAUSTION');

-- CreateEnum
CREATE TYPE "severity" AS ENUM ('LOW', 'MEDIUM', 'HIGH', 'CRITICAL');

-- CreateEnum
CREATE TYPE "recovery_type" AS ENUM ('AUTOMATED', 'GUIDED', 'MANUAL');

-- CreateEnum
CREATE TYPE "recovery_status" AS ENUM ('ASSESSMENT', 'WAITING_APPROVAL', 'IN_PROGRESS', 'COMPLETED', 'FAILED', 'REJECTED', 'CANCELLED');

-- CreateEnum
CREATE TYPE "recovery_step_status" AS ENUM ('PENDING', 'WAITING_APPROVAL', 'APPROVED', 'RUNNING', 'COMPLETED', 'REJECTED', 'FAILED', 'SKIPPED');

-- AlterTable
ALTER TABLE "interventions" ADD COLUMN     "frozen_at" TIMESTAMPTZ(3),
ADD COLUMN     "frozen_ms" INTEGER NOT NULL DEFAULT 0;

-- AlterTable
ALTER TABLE "projects" ADD COLUMN     "lifted_at" TIMESTAMPTZ(3),
ADD COLUMN     "stop_id" TEXT;

-- AlterTable
ALTER TABLE "sessions" ADD COLUMN     "halted_from" "session_status";

-- AlterTable
ALTER TABLE "tasks" ADD COLUMN     "finished_at" TIMESTAMPTZ(3),
ADD COLUMN     "halted_from" "task_status",
ADD COLUMN     "made_for_call" BOOLEAN NOT NULL DEFAULT false,
ADD COLUMN     "project_id" TEXT;
UPDATE "tasks" SET "project_id" = "sessions"."project_id" FROM "sessions" WHERE "sessions"."id" = "tasks"."session_id";
UPDATE "tasks" SET "finished_at" = "updated_at" WHERE "status" IN ('COMPLETED', 'FAILED');
ALTER TABLE "tasks" ALTER COLUMN "project_id" SET NOT NULL;

-- CreateTable
CREATE TABLE "approvals" (
    "id" TEXT NOT NULL,
    "project_id" TEXT NOT NULL,
    "team_id" TEXT,
    "session_id" TEXT,
    "task_id" TEXT,
    "kind" "approval_kind" NOT NULL,
    "status" "approval_status" NOT NULL,
    "version" INTEGER NOT NULL DEFAULT 0,
    "summary" TEXT NOT NULL,
    "requested_by" JSONB NOT NULL,
    "required_role" "role" NOT NULL,
    "required_approvals" INTEGER NOT NULL,
    "risk_level" "risk_level",
    "proposal" JSONB NOT NULL,
    "assessment" JSONB,
    "digest" TEXT NOT NULL,
    "round" INTEGER NOT NULL DEFAULT 1,
    "approved_input" JSONB,
    "permit" TEXT,
    "reservation_id" TEXT,
    "call_id" TEXT,
    "recovery_id" TEXT,
    "step_id" TEXT,
    "rejection_reason" TEXT,
    "modifications" JSONB,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "responded_at" TIMESTAMPTZ(3),
    "expires_at" TIMESTAMPTZ(3),
    "due_at" TIMESTAMPTZ(3),
    "warned" BOOLEAN NOT NULL DEFAULT false,
    "started_at" TIMESTAMPTZ(3),
    "frozen_at" TIMESTAMPTZ(3),
    "frozen_ms" INTEGER NOT NULL DEFAULT 0,
    "open" BOOLEAN NOT NULL,
    "delivery" "delivery_status" NOT NULL,

    CONSTRAINT "approvals_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "approval_votes" (
    "approval_id" TEXT NOT NULL,
    "round" INTEGER NOT NULL,
    "actor_id" TEXT NOT NULL,
    "verdict" "approval_verdict" NOT NULL,
    "actor" JSONB NOT NULL,
    "reason" TEXT,
    "digest" TEXT NOT NULL,
    "fingerprint" TEXT NOT NULL,
    "decided_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "approval_votes_pkey" PRIMARY KEY ("approval_id","round","actor_id")
);

-- CreateTable
CREATE TABLE "budgets" (
    "id" TEXT NOT NULL,
    "project_id" TEXT NOT NULL,
    "daily_token_limit" BIGINT NOT NULL,
    "monthly_token_limit" BIGINT NOT NULL,
    "daily_cost_limit" DECIMAL(20,4) NOT NULL,
    "monthly_cost_limit" DECIMAL(20,4) NOT NULL,
    "daily_tokens_used" BIGINT NOT NULL DEFAULT 0,
    "monthly_tokens_used" BIGINT NOT NULL DEFAULT 0,
    "daily_cost_used" DECIMAL(20,4) NOT NULL DEFAULT 0,
    "monthly_cost_used" DECIMAL(20,4) NOT NULL DEFAULT 0,
    "tokens_reserved" BIGINT NOT NULL DEFAULT 0,
    "cost_reserved" DECIMAL(20,4) NOT NULL DEFAULT 0,
    "daily_tokens_overridden" BIGINT NOT NULL DEFAULT 0,
    "monthly_tokens_overridden" BIGINT NOT NULL DEFAULT 0,
    "daily_cost_overridden" DECIMAL(20,4) NOT NULL DEFAULT 0,
    "monthly_cost_overridden" DECIMAL(20,4) NOT NULL DEFAULT 0,
    "day_start" TIMESTAMPTZ(3) NOT NULL,
    "day_end" TIMESTAMPTZ(3) NOT NULL,
    "month_start" TIMESTAMPTZ(3) NOT NULL,
    "month_end" TIMESTAMPTZ(3) NOT NULL,
    "emergency_stop_triggered" BOOLEAN NOT NULL DEFAULT false,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "budgets_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "budget_alerts" (
    "budget_id" TEXT NOT NULL,
    "limit_type" "budget_limit_type" NOT NULL,
    "alert_type" "budget_alert_type" NOT NULL,
    "period_start" TIMESTAMPTZ(3) NOT NULL,
    "threshold_value" DECIMAL(20,4) NOT NULL,
    "current_value" DECIMAL(20,4) NOT NULL,
    "triggered_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "budget_alerts_pkey" PRIMARY KEY ("budget_id","limit_type","alert_type","period_start")
);

-- CreateTable
CREATE TABLE "budget_reservations" (
    "id" TEXT NOT NULL,
    "project_id" TEXT NOT NULL,
    "approval_id" TEXT,
    "tokens" INTEGER NOT NULL,
    "cost" DECIMAL(20,4) NOT NULL,
    "status" "reservation_status" NOT NULL,
    "committed_tokens" INTEGER,
    "committed_cost" DECIMAL(20,4),
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "budget_reservations_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "stop_signals" (
    "sequence" BIGSERIAL NOT NULL,
    "project_id" TEXT NOT NULL,
    "condition" "stop_condition" NOT NULL,
    "severity" "severity" NOT NULL,
    "reason" TEXT NOT NULL,
    "actor" JSONB NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "stop_signals_pkey" PRIMARY KEY ("sequence")
);

-- CreateTable
CREATE TABLE "emergency_stops" (
    "id" TEXT NOT NULL,
    "project_id" TEXT NOT NULL,
    "triggered_conditions" "stop_condition"[],
    "stop_reason" TEXT NOT NULL,
    "severity" "severity" NOT NULL,
    "triggered_by" JSONB NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "halted_at" TIMESTAMPTZ(3),
    "resolved_at" TIMESTAMPTZ(3),

    CONSTRAINT "emergency_stops_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "stopped_sessions" (
    "stop_id" TEXT NOT NULL,
    "session_id" TEXT NOT NULL,
    "status" "session_status" NOT NULL,

    CONSTRAINT "stopped_sessions_pkey" PRIMARY KEY ("stop_id","session_id")
);

-- CreateTable
CREATE TABLE "stopped_tasks" (
    "stop_id" TEXT NOT NULL,
    "task_id" TEXT NOT NULL,
    "status" "task_status" NOT NULL,

    CONSTRAINT "stopped_tasks_pkey" PRIMARY KEY ("stop_id","task_id")
);

-- CreateTable
CREATE TABLE "recovery_sessions" (
    "id" TEXT NOT NULL,
    "project_id" TEXT NOT NULL,
    "stop_id" TEXT NOT NULL,
    "recovery_type" "recovery_type" NOT NULL,
    "status" "recovery_status" NOT NULL,
    "version" INTEGER NOT NULL DEFAULT 0,
    "assessment" JSONB NOT NULL,
    "initiated_by" JSONB NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "completed_at" TIMESTAMPTZ(3),

    CONSTRAINT "recovery_sessions_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "recovery_steps" (
    "id" TEXT NOT NULL,
    "recovery_id" TEXT NOT NULL,
    "position" INTEGER NOT NULL,
    "title" TEXT NOT NULL,
    "description" TEXT NOT NULL,
    "action" TEXT NOT NULL,
    "parameters" JSONB NOT NULL,
    "status" "recovery_step_status" NOT NULL,
    "result" JSONB,
    "error" TEXT,

    CONSTRAINT "recovery_steps_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "approvals_project_id_id_idx" ON "approvals"("project_id", "id");

-- CreateIndex
CREATE INDEX "approvals_session_id_id_idx" ON "approvals"("session_id", "id");

-- CreateIndex
CREATE INDEX "approvals_call_id_idx" ON "approvals"("call_id");

-- CreateIndex
CREATE UNIQUE INDEX "budgets_project_id_key" ON "budgets"("project_id");

-- CreateIndex
CREATE INDEX "budgets_day_end_idx" ON "budgets"("day_end");

-- CreateIndex
CREATE INDEX "budgets_month_end_idx" ON "budgets"("month_end");

-- CreateIndex
CREATE INDEX "budget_reservations_project_id_id_idx" ON "budget_reservations"("project_id", "id");

-- CreateIndex
CREATE INDEX "stop_signals_project_id_idx" ON "stop_signals"("project_id");

-- CreateIndex
CREATE INDEX "emergency_stops_project_id_id_idx" ON "emergency_stops"("project_id", "id");

-- CreateIndex
CREATE INDEX "recovery_sessions_project_id_id_idx" ON "recovery_sessions"("project_id", "id");

-- CreateIndex
CREATE INDEX "recovery_sessions_stop_id_idx" ON "recovery_sessions"("stop_id");

-- CreateIndex
CREATE UNIQUE INDEX "recovery_steps_recovery_id_position_key" ON "recovery_steps"("recovery_id", "position");

-- AddForeignKey
ALTER TABLE "approval_votes" ADD CONSTRAINT "approval_votes_approval_id_fkey" FOREIGN KEY ("approval_id") REFERENCES "approvals"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "budgets" ADD CONSTRAINT "budgets_project_id_fkey" FOREIGN KEY ("project_id") REFERENCES "projects"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "budget_alerts" ADD CONSTRAINT "budget_alerts_budget_id_fkey" FOREIGN KEY ("budget_id") REFERENCES "budgets"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "stopped_sessions" ADD CONSTRAINT "stopped_sessions_stop_id_fkey" FOREIGN KEY ("stop_id") REFERENCES "emergency_stops"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "stopped_tasks" ADD CONSTRAINT "stopped_tasks_stop_id_fkey" FOREIGN KEY ("stop_id") REFERENCES "emergency_stops"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "recovery_steps" ADD CONSTRAINT "recovery_steps_recovery_id_fkey" FOREIGN KEY ("recovery_id") REFERENCES "recovery_sessions"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- What the schema language has no words for, by hand from here on.

-- What is pending: few, however many there have been. As for interventions, a query must write the condition out.
CREATE INDEX "approvals_project_pending_idx" ON "approvals" ("project_id", "id") WHERE "status" = 'PENDING';
CREATE INDEX "approvals_team_pending_idx" ON "approvals" ("team_id") WHERE "status" = 'PENDING';
-- What a session has still to reckon with.
CREATE INDEX "approvals_session_open_idx" ON "approvals" ("session_id") WHERE "open";
-- Outcomes that have yet to reach the runner of their session.
CREATE INDEX "approvals_undelivered_idx" ON "approvals" ("session_id") WHERE "delivery" = 'PENDING';
-- What the clock must act on next.
CREATE INDEX "approvals_due_idx" ON "approvals" ("due_at") WHERE "due_at" IS NOT NULL;
CREATE INDEX "budget_reservations_held_idx" ON "budget_reservations" ("expires_at") WHERE "status" = 'HELD';
-- The last tasks that finished in a project: what the error rate is counted over (behaviour 7.1).
CREATE INDEX "tasks_finished_idx" ON "tasks" ("project_id", "finished_at" DESC, "id" DESC) WHERE "finished_at" IS NOT NULL;
-- One stop in force, and one recovery open, a project.
CREATE UNIQUE INDEX "emergency_stops_in_force_key" ON "emergency_stops" ("project_id") WHERE "resolved_at" IS NULL;
CREATE UNIQUE INDEX "recovery_sessions_open_key" ON "recovery_sessions" ("project_id")
  WHERE "status" IN ('ASSESSMENT', 'WAITING_APPROVAL', 'IN_PROGRESS', 'FAILED');
-- The halts that nobody has confirmed yet.
CREATE INDEX "emergency_stops_halting_idx" ON "emergency_stops" ("id") WHERE "halted_at" IS NULL;

-- Rows that are changed often keep room in their page for the new version.
ALTER TABLE "approvals" SET (fillfactor = 75);
ALTER TABLE "budgets" SET (fillfactor = 50);
ALTER TABLE "budget_reservations" SET (fillfactor = 80);
