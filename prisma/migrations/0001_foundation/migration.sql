-- CreateEnum
CREATE TYPE "role" AS ENUM ('AGENT', 'VIEWER', 'OPERATOR', 'SUPERVISOR', 'MANAGER', 'ADMIN');

-- CreateEnum
CREATE TYPE "agent_type" AS ENUM ('ORCHESTRATOR', 'ANALYST', 'ARCHITECT', 'CODER', 'TESTER', 'DEPLOYER', 'CUSTOM');

-- CreateEnum
CREATE TYPE "session_status" AS ENUM ('ACTIVE', 'WAITING_FOR_HUMAN', 'PROCESSING_INTERVENTION', 'CONTINUING_ASYNC', 'COMPLETED', 'FAILED', 'TIMEOUT', 'CANCELLED', 'HALTED');

-- CreateEnum
CREATE TYPE "task_status" AS ENUM ('PENDING', 'AWAITING_APPROVAL', 'RUNNING', 'AWAITING_RESPONSE_APPROVAL', 'COMPLETED', 'FAILED', 'REJECTED', 'HALTED', 'CANCELLED');

-- CreateEnum
CREATE TYPE "intervention_type" AS ENUM ('DECISION', 'FOLLOW_UP', 'APPROVAL', 'ESCALATION', 'QUALITY_REVIEW', 'ERROR_RESOLUTION', 'RISK_ASSESSMENT', 'COMPLIANCE_CHECK');

-- CreateEnum
CREATE TYPE "intervention_urgency" AS ENUM ('LOW', 'NORMAL', 'HIGH', 'CRITICAL');

-- CreateEnum
CREATE TYPE "intervention_status" AS ENUM ('PENDING', 'RESOLVED', 'TIMEOUT', 'CANCELLED');

-- CreateEnum
CREATE TYPE "intervention_resolution" AS ENUM ('APPROVED', 'REJECTED', 'MODIFIED', 'ESCALATED', 'TIMEOUT', 'AUTO_CONTINUE', 'OPTION_SELECTED', 'RESPONDED');

-- CreateEnum
CREATE TYPE "delivery_status" AS ENUM ('UNANSWERED', 'PENDING', 'DELIVERED', 'FAILED');

-- CreateTable
CREATE TABLE "users" (
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "email" TEXT,
    "role" "role" NOT NULL,
    "project_id" TEXT,
    "oidc_issuer" TEXT,
    "oidc_subject" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "users_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "api_keys" (
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "hash" TEXT NOT NULL,
    "role" "role" NOT NULL,
    "project_id" TEXT,
    "user_id" TEXT,
    "bootstrap" BOOLEAN NOT NULL DEFAULT false,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "expires_at" TIMESTAMPTZ(3),
    "revoked_at" TIMESTAMPTZ(3),
    "last_used_at" TIMESTAMPTZ(3),

    CONSTRAINT "api_keys_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "idempotency_keys" (
    "credential_id" TEXT NOT NULL,
    "mutation" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "fingerprint" TEXT NOT NULL,
    "reply" JSONB NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "idempotency_keys_pkey" PRIMARY KEY ("credential_id","mutation","key")
);

-- CreateTable
CREATE TABLE "projects" (
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "time_zone" TEXT NOT NULL DEFAULT 'UTC',
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "projects_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "teams" (
    "id" TEXT NOT NULL,
    "project_id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "teams_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "intervention_queues" (
    "team_id" TEXT NOT NULL,
    "pending" INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "intervention_queues_pkey" PRIMARY KEY ("team_id")
);

-- CreateTable
CREATE TABLE "agents" (
    "id" TEXT NOT NULL,
    "team_id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "type" "agent_type" NOT NULL DEFAULT 'CUSTOM',
    "last_activity" TIMESTAMPTZ(3),
    "last_session_id" TEXT,

    CONSTRAINT "agents_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "sessions" (
    "id" TEXT NOT NULL,
    "project_id" TEXT NOT NULL,
    "team_id" TEXT NOT NULL,
    "runner" TEXT NOT NULL,
    "status" "session_status" NOT NULL,
    "version" INTEGER NOT NULL DEFAULT 0,
    "initial_message" TEXT NOT NULL,
    "context" JSONB NOT NULL,
    "result" JSONB,
    "failure_reason" TEXT,
    "intervention_count" INTEGER NOT NULL DEFAULT 0,
    "current_intervention_id" TEXT,
    "last_intervention_at" TIMESTAMPTZ(3),
    "unanswered" BOOLEAN NOT NULL DEFAULT false,
    "answered_async" BOOLEAN NOT NULL DEFAULT false,
    "runner_state" JSONB,
    "stale_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "last_activity" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "sessions_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "conversation_turns" (
    "id" TEXT NOT NULL,
    "session_id" TEXT NOT NULL,
    "agent_name" TEXT NOT NULL,
    "input" TEXT NOT NULL,
    "response" TEXT NOT NULL,
    "timestamp" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "conversation_turns_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "tasks" (
    "id" TEXT NOT NULL,
    "session_id" TEXT NOT NULL,
    "agent_name" TEXT NOT NULL,
    "agent_type" "agent_type" NOT NULL,
    "instructions" TEXT NOT NULL,
    "status" "task_status" NOT NULL,
    "result" JSONB,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "tasks_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "interventions" (
    "id" TEXT NOT NULL,
    "project_id" TEXT NOT NULL,
    "team_id" TEXT NOT NULL,
    "session_id" TEXT NOT NULL,
    "agent_name" TEXT NOT NULL,
    "type" "intervention_type" NOT NULL,
    "urgency" "intervention_urgency" NOT NULL,
    "message" TEXT NOT NULL,
    "context" JSONB NOT NULL,
    "options" JSONB NOT NULL,
    "response_schema" JSONB,
    "trigger" TEXT,
    "async_mode" BOOLEAN NOT NULL,
    "auto_continue" BOOLEAN NOT NULL,
    "timeout" INTEGER NOT NULL,
    "terms" JSONB NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "status" "intervention_status" NOT NULL,
    "resolution" "intervention_resolution",
    "escalation_level" INTEGER NOT NULL DEFAULT 0,
    "escalations" JSONB NOT NULL,
    "required_role" "role" NOT NULL,
    "claimed_by" JSONB,
    "expires_at" TIMESTAMPTZ(3),
    "due_at" TIMESTAMPTZ(3),
    "window_ended" BOOLEAN NOT NULL DEFAULT false,
    "resolved_at" TIMESTAMPTZ(3),
    "resolved_by_id" TEXT,
    "response" JSONB,
    "receipt" JSONB,
    "delivery" "delivery_status" NOT NULL,
    "acknowledged_at" TIMESTAMPTZ(3),
    "open" BOOLEAN NOT NULL,

    CONSTRAINT "interventions_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "unsealed_events" (
    "sequence" BIGSERIAL NOT NULL,
    "id" TEXT NOT NULL,
    "type" TEXT NOT NULL,
    "project_id" TEXT,
    "team_id" TEXT,
    "session_id" TEXT,
    "subject_id" TEXT NOT NULL,
    "actor" JSONB NOT NULL,
    "data" JSONB NOT NULL,
    "salt" TEXT NOT NULL,
    "content_digest" TEXT NOT NULL,
    "digest" TEXT NOT NULL,
    "occurred_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "unsealed_events_pkey" PRIMARY KEY ("sequence")
);

-- CreateTable
CREATE TABLE "events" (
    "position" BIGINT NOT NULL,
    "id" TEXT NOT NULL,
    "type" TEXT NOT NULL,
    "project_id" TEXT,
    "team_id" TEXT,
    "session_id" TEXT,
    "subject_id" TEXT NOT NULL,
    "actor" JSONB,
    "data" JSONB,
    "salt" TEXT,
    "content_digest" TEXT NOT NULL,
    "digest" TEXT NOT NULL,
    "occurred_at" TIMESTAMPTZ(3) NOT NULL,
    "previous_hash" TEXT,
    "hash" TEXT NOT NULL,

    CONSTRAINT "events_pkey" PRIMARY KEY ("position")
);

-- CreateTable
CREATE TABLE "event_chains" (
    "chain" TEXT NOT NULL,
    "position" BIGINT NOT NULL,
    "hash" TEXT NOT NULL,
    "length" BIGINT NOT NULL,

    CONSTRAINT "event_chains_pkey" PRIMARY KEY ("chain")
);

-- CreateTable
CREATE TABLE "event_log" (
    "id" INTEGER NOT NULL DEFAULT 1,
    "position" BIGINT NOT NULL DEFAULT 0,

    CONSTRAINT "event_log_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "users_oidc_issuer_oidc_subject_key" ON "users"("oidc_issuer", "oidc_subject");

-- CreateIndex
CREATE UNIQUE INDEX "api_keys_hash_key" ON "api_keys"("hash");

-- CreateIndex
CREATE INDEX "idempotency_keys_expires_at_idx" ON "idempotency_keys"("expires_at");

-- CreateIndex
CREATE INDEX "teams_project_id_idx" ON "teams"("project_id");

-- CreateIndex
CREATE UNIQUE INDEX "agents_team_id_name_key" ON "agents"("team_id", "name");

-- CreateIndex
CREATE INDEX "sessions_project_id_id_idx" ON "sessions"("project_id", "id");

-- CreateIndex
CREATE INDEX "sessions_team_id_id_idx" ON "sessions"("team_id", "id");

-- CreateIndex
CREATE INDEX "conversation_turns_session_id_id_idx" ON "conversation_turns"("session_id", "id");

-- CreateIndex
CREATE INDEX "tasks_session_id_id_idx" ON "tasks"("session_id", "id");

-- CreateIndex
CREATE INDEX "interventions_session_id_id_idx" ON "interventions"("session_id", "id");

-- CreateIndex
CREATE INDEX "interventions_team_id_id_idx" ON "interventions"("team_id", "id");

-- CreateIndex
CREATE INDEX "interventions_project_id_id_idx" ON "interventions"("project_id", "id");

-- CreateIndex
CREATE UNIQUE INDEX "events_id_key" ON "events"("id");

-- CreateIndex
CREATE INDEX "events_project_id_position_idx" ON "events"("project_id", "position");

-- CreateIndex
CREATE INDEX "events_session_id_position_idx" ON "events"("session_id", "position");

-- CreateIndex
CREATE INDEX "events_subject_id_position_idx" ON "events"("subject_id", "position");

-- AddForeignKey
ALTER TABLE "api_keys" ADD CONSTRAINT "api_keys_project_id_fkey" FOREIGN KEY ("project_id") REFERENCES "projects"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "api_keys" ADD CONSTRAINT "api_keys_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "teams" ADD CONSTRAINT "teams_project_id_fkey" FOREIGN KEY ("project_id") REFERENCES "projects"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "intervention_queues" ADD CONSTRAINT "intervention_queues_team_id_fkey" FOREIGN KEY ("team_id") REFERENCES "teams"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "agents" ADD CONSTRAINT "agents_team_id_fkey" FOREIGN KEY ("team_id") REFERENCES "teams"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "sessions" ADD CONSTRAINT "sessions_project_id_fkey" FOREIGN KEY ("project_id") REFERENCES "projects"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "sessions" ADD CONSTRAINT "sessions_team_id_fkey" FOREIGN KEY ("team_id") REFERENCES "teams"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "conversation_turns" ADD CONSTRAINT "conversation_turns_session_id_fkey" FOREIGN KEY ("session_id") REFERENCES "sessions"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "tasks" ADD CONSTRAINT "tasks_session_id_fkey" FOREIGN KEY ("session_id") REFERENCES "sessions"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "interventions" ADD CONSTRAINT "interventions_session_id_fkey" FOREIGN KEY ("session_id") REFERENCES "sessions"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "interventions" ADD CONSTRAINT "interventions_resolved_by_id_fkey" FOREIGN KEY ("resolved_by_id") REFERENCES "users"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- What the schema language has no words for, by hand from here on.

-- The queue of a team or a project: few rows are pending, however many there have been. A query uses such an index only
-- where it writes the condition out (status = 'PENDING'); a bound parameter, which is what Prisma sends, will not do.
CREATE INDEX "interventions_team_pending_idx" ON "interventions" ("team_id", "id") WHERE "status" = 'PENDING';
CREATE INDEX "interventions_project_pending_idx" ON "interventions" ("project_id", "id") WHERE "status" = 'PENDING';
-- How many an agent has pending.
CREATE INDEX "interventions_agent_pending_idx" ON "interventions" ("team_id", "agent_name") WHERE "status" = 'PENDING';
-- What a session has still to reckon with.
CREATE INDEX "interventions_session_open_idx" ON "interventions" ("session_id") WHERE "open";
-- What the clock must act on next; rows without a deadline cost nothing.
CREATE INDEX "interventions_due_idx" ON "interventions" ("due_at") WHERE "due_at" IS NOT NULL;
CREATE INDEX "sessions_stale_idx" ON "sessions" ("stale_at") WHERE "stale_at" IS NOT NULL;

-- Search. 'simple' knows no language: no word is left out, none is cut to its stem. The same expression must stand in
-- the query.
CREATE INDEX "interventions_search_idx" ON "interventions"
  USING GIN (to_tsvector('simple', "message" || ' ' || "agent_name"));

-- Rows that are changed several times after they are written keep room in their page for the new version, which then
-- needs no new index entries where no indexed column changed.
ALTER TABLE "sessions" SET (fillfactor = 75);
ALTER TABLE "interventions" SET (fillfactor = 75);
ALTER TABLE "intervention_queues" SET (fillfactor = 70);

-- The one row that says how far the log goes.
INSERT INTO "event_log" ("id", "position") VALUES (1, 0);
