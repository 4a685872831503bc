CREATE TABLE "copies" (
	"id" bigint PRIMARY KEY DEFAULT nextval('outbox_id_seq') NOT NULL,
	"shard" integer NOT NULL,
	"key" uuid NOT NULL,
	"chunk" "bytea" NOT NULL,
	"events" integer NOT NULL,
	"bytes" integer NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"shards" integer
);
--> statement-breakpoint
CREATE INDEX "copies_shard_id" ON "copies" USING btree ("shard","id");--> statement-breakpoint
CREATE INDEX "copies_key" ON "copies" USING btree ("key");
--> statement-breakpoint
-- As of the outbox.
ALTER TABLE "copies" ALTER COLUMN "chunk" SET STORAGE EXTERNAL;--> statement-breakpoint
ALTER TABLE "copies" SET (
	autovacuum_vacuum_scale_factor = 0,
	autovacuum_vacuum_threshold = 5000,
	autovacuum_vacuum_insert_scale_factor = 0,
	autovacuum_vacuum_insert_threshold = 50000,
	autovacuum_analyze_scale_factor = 0,
	autovacuum_analyze_threshold = 50000,
	autovacuum_vacuum_cost_delay = 0
);--> statement-breakpoint
CREATE TRIGGER "copies_belong" BEFORE INSERT ON "copies" FOR EACH ROW EXECUTE FUNCTION "outbox_belongs"();
