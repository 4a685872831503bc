ALTER TABLE "parked_events" ADD COLUMN "put_by" text;--> statement-breakpoint
ALTER TABLE "parked_events" ADD COLUMN "number" bigint;