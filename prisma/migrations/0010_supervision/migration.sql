-- AlterTable
ALTER TABLE "approvals" ADD COLUMN     "quorum" JSONB;

-- CreateTable
CREATE TABLE "supervision_configurations" (
    "team_id" TEXT NOT NULL,
    "version" INTEGER NOT NULL,
    "yaml" TEXT NOT NULL,
    "configuration" JSONB,
    "set_by" JSONB NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "supervision_configurations_pkey" PRIMARY KEY ("team_id","version")
);

-- AddForeignKey
ALTER TABLE "supervision_configurations" ADD CONSTRAINT "supervision_configurations_team_id_fkey" FOREIGN KEY ("team_id") REFERENCES "teams"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
