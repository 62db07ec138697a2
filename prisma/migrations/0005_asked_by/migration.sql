-- AlterTable
ALTER TABLE "interventions" ADD COLUMN     "asked_by" JSONB;

