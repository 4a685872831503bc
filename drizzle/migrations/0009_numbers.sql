ALTER TABLE "copies" ADD COLUMN "writer" text;--> statement-breakpoint
ALTER TABLE "copies" ADD COLUMN "numbers" "int8range";--> statement-breakpoint
ALTER TABLE "outbox" ADD COLUMN "writer" text;--> statement-breakpoint
ALTER TABLE "outbox" ADD COLUMN "numbers" "int8range";