-- AlterEnum
ALTER TYPE "notification_channel_type" ADD VALUE 'SLACK';
ALTER TYPE "notification_channel_type" ADD VALUE 'SMS';

-- AlterTable
ALTER TABLE "notification_deliveries" ADD COLUMN     "edits" TEXT;

-- CreateTable
CREATE TABLE "slack_users" (
    "id" TEXT NOT NULL,
    "slack_team_id" TEXT NOT NULL,
    "slack_user_id" TEXT NOT NULL,
    "api_key_id" TEXT NOT NULL,
    "scope" TEXT NOT NULL,
    "linked_by" JSONB NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "slack_users_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "slack_users_scope_id_idx" ON "slack_users"("scope", "id");

-- CreateIndex
CREATE UNIQUE INDEX "slack_users_slack_team_id_slack_user_id_scope_key" ON "slack_users"("slack_team_id", "slack_user_id", "scope");

-- CreateIndex
CREATE UNIQUE INDEX "notification_deliveries_edits_key" ON "notification_deliveries"("edits");

-- AddForeignKey
ALTER TABLE "slack_users" ADD CONSTRAINT "slack_users_api_key_id_fkey" FOREIGN KEY ("api_key_id") REFERENCES "api_keys"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- What is over is taken away once it is old. Prisma cannot say what an index leaves out.
CREATE INDEX "notification_deliveries_over_idx" ON "notification_deliveries" ("created_at") WHERE "status" IN ('DELIVERED', 'CANCELLED');
