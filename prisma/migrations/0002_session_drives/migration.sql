-- AlterTable
ALTER TABLE "sessions" ADD COLUMN     "drive_epoch" INTEGER NOT NULL DEFAULT 0;

-- CreateTable
CREATE TABLE "session_drives" (
    "session_id" TEXT NOT NULL,
    "epoch" INTEGER NOT NULL,
    "held_until" TIMESTAMPTZ(3),
    "wanted" BOOLEAN NOT NULL DEFAULT false,
    "failures" INTEGER NOT NULL DEFAULT 0,
    "interrupted" BOOLEAN NOT NULL DEFAULT false,
    "turn" INTEGER NOT NULL DEFAULT 0,
    "due_at" TIMESTAMPTZ(3),

    CONSTRAINT "session_drives_pkey" PRIMARY KEY ("session_id")
);

-- AddForeignKey
ALTER TABLE "session_drives" ADD CONSTRAINT "session_drives_session_id_fkey" FOREIGN KEY ("session_id") REFERENCES "sessions"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- What the schema language has no words for, by hand from here on.

-- Sessions whose worker has gone silent, and those that are due by themselves: looked for twice a second, and few.
CREATE INDEX "session_drives_held_idx" ON "session_drives" ("held_until") WHERE "held_until" IS NOT NULL;
CREATE INDEX "session_drives_due_idx" ON "session_drives" ("due_at") WHERE "due_at" IS NOT NULL;
-- The live sessions that workers drive, for the slow look after what was forgotten.
CREATE INDEX "sessions_driven_idx" ON "sessions" ("id") WHERE "runner" <> 'external' AND "stale_at" IS NOT NULL;
-- Written several times a turn, never in an indexed column alone: room in the page for the new version.
ALTER TABLE "session_drives" SET (fillfactor = 70);
