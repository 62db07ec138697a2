-- CreateTable
CREATE TABLE "intervention_search" (
    "intervention_id" TEXT NOT NULL,
    "words" tsvector NOT NULL,

    CONSTRAINT "intervention_search_pkey" PRIMARY KEY ("intervention_id")
);

-- Before the index: filled first, it is built in one go.
INSERT INTO "intervention_search" ("intervention_id", "words")
SELECT "id", to_tsvector('simple', "message" || ' ' || "agent_name") FROM "interventions";

-- CreateIndex
CREATE INDEX "intervention_search_words_idx" ON "intervention_search" USING GIN ("words");

-- An index over an expression of a row that changes is written at each of its changes.
DROP INDEX "interventions_search_idx";
