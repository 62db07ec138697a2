-- CreateTable
CREATE TABLE "event_checkpoints" (
    "chain" TEXT NOT NULL,
    "position" BIGINT NOT NULL,
    "hash" TEXT NOT NULL,
    "length" BIGINT NOT NULL,
    "pruned_at" TIMESTAMPTZ(3) NOT NULL,
    "proof" JSONB NOT NULL,

    CONSTRAINT "event_checkpoints_pkey" PRIMARY KEY ("chain")
);
