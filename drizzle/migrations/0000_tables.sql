CREATE TABLE "dead_letter_actions" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "dead_letter_actions_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"letter" bigint NOT NULL,
	"action" text NOT NULL,
	"actor" text NOT NULL,
	"reason" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "dead_letters" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "dead_letters_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"shard" integer NOT NULL,
	"entry" text NOT NULL,
	"index" integer NOT NULL,
	"class" text NOT NULL,
	"code" text NOT NULL,
	"detail" text NOT NULL,
	"topic" text,
	"type" text,
	"partition_key" text,
	"traceparent" text,
	"dedup_key" text,
	"replay" integer NOT NULL,
	"attempts" integer NOT NULL,
	"received_at" timestamp with time zone,
	"bytes" "bytea" NOT NULL,
	"source" text,
	"event_id" text,
	"first_failed_at" timestamp with time zone DEFAULT now() NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"replayed_at" timestamp with time zone,
	"discarded_at" timestamp with time zone,
	"discard_reason" text,
	CONSTRAINT "dead_letters_place" UNIQUE("shard","entry","index"),
	CONSTRAINT "dead_letters_one_end" CHECK ("dead_letters"."replayed_at" is null or "dead_letters"."discarded_at" is null)
);
--> statement-breakpoint
CREATE TABLE "outbox" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "outbox_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"shard" integer NOT NULL,
	"chunk" "bytea" NOT NULL,
	"events" integer NOT NULL,
	"bytes" integer NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "shard_checkpoints" (
	"shard" integer PRIMARY KEY NOT NULL,
	"epoch" text,
	"accepted" bigint NOT NULL,
	"duplicate" bigint NOT NULL,
	"relayed" bigint NOT NULL,
	"dead" bigint NOT NULL,
	"backlog_bytes" bigint NOT NULL,
	"unaccounted" bigint DEFAULT 0 NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "dead_letter_actions" ADD CONSTRAINT "dead_letter_actions_letter_dead_letters_id_fk" FOREIGN KEY ("letter") REFERENCES "dead_letters"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "dead_letter_actions_letter" ON "dead_letter_actions" USING btree ("letter","id");--> statement-breakpoint
CREATE INDEX "dead_letters_event" ON "dead_letters" USING btree (hashtextextended("event_id", 0),"id");--> statement-breakpoint
CREATE INDEX "dead_letters_type" ON "dead_letters" USING btree (hashtextextended("type", 0),"id");--> statement-breakpoint
CREATE INDEX "dead_letters_class" ON "dead_letters" USING btree ("class","id");--> statement-breakpoint
CREATE INDEX "dead_letters_waiting" ON "dead_letters" USING btree ("id","class") WHERE "dead_letters"."replayed_at" is null and "dead_letters"."discarded_at" is null;--> statement-breakpoint
CREATE INDEX "outbox_shard_id" ON "outbox" USING btree ("shard","id");