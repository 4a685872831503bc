ALTER TABLE "shard_checkpoints" ADD COLUMN "token" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "shard_checkpoints" ADD COLUMN "sequence" bigint DEFAULT 0 NOT NULL;