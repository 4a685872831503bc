ALTER TABLE "copies" ADD COLUMN "dedup_keys" text;--> statement-breakpoint
ALTER TABLE "outbox" ADD COLUMN "dedup_keys" text;--> statement-breakpoint
ALTER TABLE "parked_events" ADD COLUMN "dedup_key" text;--> statement-breakpoint
CREATE INDEX "parked_events_dedup_key" ON "parked_events" USING btree ("dedup_key");