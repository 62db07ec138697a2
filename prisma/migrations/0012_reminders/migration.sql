-- AlterTable
ALTER TABLE "interventions" ADD COLUMN     "reminded" INTEGER NOT NULL DEFAULT 0;

-- What waits and has nothing to come, and what a stop holds: both are looked for again and again, and mostly there is
-- none. Prisma cannot say what an index leaves out.
CREATE INDEX "interventions_astray_idx" ON "interventions" ("id") WHERE "status" = 'PENDING' AND "due_at" IS NULL AND "frozen_at" IS NULL;
CREATE INDEX "interventions_frozen_idx" ON "interventions" ("project_id") WHERE "frozen_at" IS NOT NULL;
CREATE INDEX "approvals_astray_idx" ON "approvals" ("id") WHERE "status" = 'PENDING' AND "due_at" IS NULL AND "frozen_at" IS NULL;
CREATE INDEX "approvals_frozen_idx" ON "approvals" ("project_id") WHERE "frozen_at" IS NOT NULL;
CREATE INDEX "sessions_waiting_idx" ON "sessions" ("id") WHERE "status" = 'WAITING_FOR_HUMAN';
