ALTER TABLE "shard_checkpoints" ADD COLUMN "possible" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "shard_writers" ADD COLUMN "in_redis" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "shard_writers" ADD COLUMN "possible" "int8multirange" DEFAULT '{}' NOT NULL;