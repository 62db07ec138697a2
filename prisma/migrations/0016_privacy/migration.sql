-- AlterTable
ALTER TABLE "supervision_configurations" ADD COLUMN     "secrets_id" TEXT,
ADD COLUMN     "withheld" BOOLEAN NOT NULL DEFAULT false;

-- CreateTable
CREATE TABLE "data_keys" (
    "id" TEXT NOT NULL,
    "project_id" TEXT NOT NULL,
    "wrapped" JSONB NOT NULL,
    "made_under" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "retired_at" TIMESTAMPTZ(3),

    CONSTRAINT "data_keys_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "sealed_values" (
    "id" TEXT NOT NULL,
    "project_id" TEXT NOT NULL,
    "data_key_id" TEXT NOT NULL,
    "session_id" TEXT,
    "content" JSONB NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "sealed_values_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "data_keys_project_id_idx" ON "data_keys"("project_id");

-- CreateIndex
CREATE INDEX "sealed_values_data_key_id_id_idx" ON "sealed_values"("data_key_id", "id");

-- CreateIndex
CREATE INDEX "sealed_values_session_id_idx" ON "sealed_values"("session_id");

-- AddForeignKey
ALTER TABLE "sealed_values" ADD CONSTRAINT "sealed_values_data_key_id_fkey" FOREIGN KEY ("data_key_id") REFERENCES "data_keys"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- What the schema language has no words for, by hand from here on.

-- One of a project's keys seals: processes that make its first one at the same time can't both have made it.
CREATE UNIQUE INDEX "data_keys_current_idx" ON "data_keys" ("project_id") WHERE "retired_at" IS NULL;
