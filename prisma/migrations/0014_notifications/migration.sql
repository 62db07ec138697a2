-- CreateEnum
CREATE TYPE "notification_delivery_status" AS ENUM ('WAITING_FOR_PLACE', 'PENDING', 'DELIVERED', 'DEAD', 'CANCELLED');

-- CreateEnum
CREATE TYPE "notification_channel_type" AS ENUM ('EMAIL', 'WEBHOOK');

-- CreateTable
CREATE TABLE "notification_deliveries" (
    "id" TEXT NOT NULL,
    "project_id" TEXT NOT NULL,
    "team_id" TEXT NOT NULL,
    "version" INTEGER NOT NULL,
    "place" INTEGER NOT NULL,
    "channel" "notification_channel_type" NOT NULL,
    "name" TEXT NOT NULL,
    "event_id" TEXT NOT NULL,
    "event_position" BIGINT NOT NULL,
    "subject_id" TEXT NOT NULL,
    "destination" TEXT NOT NULL,
    "critical" BOOLEAN NOT NULL,
    "status" "notification_delivery_status" NOT NULL,
    "places" INTEGER,
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "next_attempt_at" TIMESTAMPTZ(3),
    "last_attempt_at" TIMESTAMPTZ(3),
    "last_error" TEXT,
    "reference" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "delivered_at" TIMESTAMPTZ(3),

    CONSTRAINT "notification_deliveries_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "notification_reader" (
    "id" INTEGER NOT NULL DEFAULT 1,
    "position" BIGINT NOT NULL,

    CONSTRAINT "notification_reader_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "notification_deliveries_project_id_id_idx" ON "notification_deliveries"("project_id", "id");

-- CreateIndex
CREATE INDEX "notification_deliveries_team_id_id_idx" ON "notification_deliveries"("team_id", "id");

-- CreateIndex
CREATE INDEX "notification_deliveries_subject_id_id_idx" ON "notification_deliveries"("subject_id", "id");

-- CreateIndex
CREATE UNIQUE INDEX "notification_deliveries_event_id_destination_key" ON "notification_deliveries"("event_id", "destination");

-- What is to be sent, by when; and what waits for a place. Mostly there is little of either. Prisma cannot say what an
-- index leaves out.
CREATE INDEX "notification_deliveries_due_idx" ON "notification_deliveries" ("next_attempt_at") WHERE "status" = 'PENDING';
CREATE INDEX "notification_deliveries_place_idx" ON "notification_deliveries" ("id") WHERE "status" = 'WAITING_FOR_PLACE';
-- What a channel's rate is counted by.
CREATE INDEX "notification_deliveries_rate_idx" ON "notification_deliveries" ("team_id", "place", "last_attempt_at") WHERE "last_attempt_at" IS NOT NULL;

-- Nobody is told of what was in the log before there were notifications.
INSERT INTO "notification_reader" ("id", "position") SELECT 1, "position" FROM "event_log" WHERE "id" = 1;
-- What was given up is counted again and again.
CREATE INDEX "notification_deliveries_dead_idx" ON "notification_deliveries" ("id") WHERE "status" = 'DEAD';
