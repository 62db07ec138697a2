-- Written by the thousand, in the stop's transaction: a check of the same parent for each would be much of its time.
-- DropForeignKey
ALTER TABLE "stopped_sessions" DROP CONSTRAINT "stopped_sessions_stop_id_fkey";

-- DropForeignKey
ALTER TABLE "stopped_tasks" DROP CONSTRAINT "stopped_tasks_stop_id_fkey";

-- A stop may hold something for longer than the 24.8 days that an integer counts in milliseconds.
-- AlterTable
ALTER TABLE "interventions" ALTER COLUMN "frozen_ms" SET DATA TYPE DOUBLE PRECISION;

-- AlterTable
ALTER TABLE "approvals" ALTER COLUMN "frozen_ms" SET DATA TYPE DOUBLE PRECISION;

-- What the schema language has no words for, by hand from here on.

-- What a stop has to reckon with, whatever has become of its session.
CREATE INDEX "approvals_project_open_idx" ON "approvals" ("project_id") WHERE "open";
