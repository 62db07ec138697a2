-- A stop may hold something for longer than the 24.8 days that an integer counts in milliseconds.
-- AlterTable
ALTER TABLE "interventions" ALTER COLUMN "frozen_ms" SET DATA TYPE DOUBLE PRECISION;

-- AlterTable
ALTER TABLE "approvals" ALTER COLUMN "frozen_ms" SET DATA TYPE DOUBLE PRECISION;

-- What the schema language has no words for, by hand from here on.

-- What a stop has to reckon with, whatever has become of its session.
CREATE INDEX "approvals_project_open_idx" ON "approvals" ("project_id") WHERE "open";
