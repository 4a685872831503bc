CREATE TABLE "parked_events" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "parked_events_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"shard" integer NOT NULL,
	"topic" text NOT NULL,
	"ref" text NOT NULL,
	"index" integer NOT NULL,
	"chunk" "bytea" NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "parking" (
	"shard" integer NOT NULL,
	"topic" text NOT NULL,
	"token" bigint NOT NULL,
	"since" timestamp with time zone DEFAULT now() NOT NULL,
	"code" text NOT NULL,
	"events" bigint DEFAULT 0 NOT NULL,
	"bytes" bigint DEFAULT 0 NOT NULL,
	"died" bigint DEFAULT 0 NOT NULL,
	CONSTRAINT "parking_shard_topic_pk" PRIMARY KEY("shard","topic")
);
--> statement-breakpoint
ALTER TABLE "shard_checkpoints" ADD COLUMN "parked" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
CREATE UNIQUE INDEX "parked_events_place" ON "parked_events" USING btree ("shard","ref","index");--> statement-breakpoint
CREATE INDEX "parked_events_topic" ON "parked_events" USING btree ("shard","topic","id");--> statement-breakpoint
-- As the outbox: a table whose rows all leave soon.
ALTER TABLE "parked_events" SET (
	autovacuum_vacuum_scale_factor = 0,
	autovacuum_vacuum_threshold = 5000,
	autovacuum_vacuum_insert_scale_factor = 0,
	autovacuum_vacuum_insert_threshold = 50000,
	autovacuum_analyze_scale_factor = 0,
	autovacuum_analyze_threshold = 50000,
	autovacuum_vacuum_cost_delay = 0
);--> statement-breakpoint
-- A row is written at each put and remove: its versions stay on one page.
ALTER TABLE "parking" SET (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500);
