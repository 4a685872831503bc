ALTER TABLE "shard_writers" ADD COLUMN "given_up" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "shard_writers" ADD COLUMN "retired_at" timestamp with time zone;--> statement-breakpoint
CREATE INDEX "shard_writers_counted" ON "shard_writers" USING btree ("shard") WHERE "shard_writers"."retired_at" is null;