ALTER TABLE "outbox" ADD COLUMN "put_by" text;--> statement-breakpoint
ALTER TABLE "outbox" ADD COLUMN "put_total" bigint;--> statement-breakpoint
ALTER TABLE "shard_writers" ADD COLUMN "had" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
-- A row is written at each insert into the outbox: its versions stay on one page.
ALTER TABLE "shard_writers" SET (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500);
