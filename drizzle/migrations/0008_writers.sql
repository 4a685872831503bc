CREATE TABLE "loss_acknowledgements" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "loss_acknowledgements_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"shard" integer NOT NULL,
	"events" bigint NOT NULL,
	"actor" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "shard_writers" (
	"shard" integer NOT NULL,
	"writer" text NOT NULL,
	"acknowledged" bigint DEFAULT 0 NOT NULL,
	"ended" "int8multirange" DEFAULT '{}' NOT NULL,
	"lost" "int8multirange" DEFAULT '{}' NOT NULL,
	"forgiven" "int8multirange" DEFAULT '{}' NOT NULL,
	"seen_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "shard_writers_shard_writer_pk" PRIMARY KEY("shard","writer")
);
--> statement-breakpoint
ALTER TABLE "shard_checkpoints" ADD COLUMN "folded" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
-- What was found missing before there were writers; it could be below nothing.
UPDATE "shard_checkpoints" SET "folded" = greatest("unaccounted", 0), "unaccounted" = greatest("unaccounted", 0);
