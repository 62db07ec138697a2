-- CreateTable
CREATE TABLE "signing_keys" (
    "id" TEXT NOT NULL,
    "public_jwk" JSONB NOT NULL,
    "private_key" JSONB NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "signs_from" TIMESTAMPTZ(3) NOT NULL,
    "signs_until" TIMESTAMPTZ(3),

    CONSTRAINT "signing_keys_pkey" PRIMARY KEY ("id")
);

-- What the schema language has no words for, by hand from here on.

-- One key is the last one: replicas that make a successor at the same time can't both have made it.
CREATE UNIQUE INDEX "signing_keys_last_idx" ON "signing_keys" (("signs_until" IS NULL)) WHERE "signs_until" IS NULL;
