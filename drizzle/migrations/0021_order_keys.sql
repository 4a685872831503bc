ALTER TABLE "dead_letter_jobs" ADD COLUMN "order_key" text;--> statement-breakpoint
ALTER TABLE "dead_letter_jobs" ADD CONSTRAINT "dead_letter_jobs_order_key_unique" UNIQUE("order_key");