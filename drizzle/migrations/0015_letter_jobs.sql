CREATE TABLE "audit" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "audit_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"at" timestamp with time zone DEFAULT now() NOT NULL,
	"actor" text NOT NULL,
	"address" text NOT NULL,
	"action" text NOT NULL,
	"subject" text NOT NULL,
	"reason" text,
	"result" text
);
--> statement-breakpoint
CREATE TABLE "dead_letter_jobs" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "dead_letter_jobs_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"kind" text NOT NULL,
	"state" text DEFAULT 'running' NOT NULL,
	"filter" jsonb NOT NULL,
	"undoes" bigint,
	"actor" text NOT NULL,
	"address" text NOT NULL,
	"reason" text,
	"planned" integer NOT NULL,
	"rate" integer NOT NULL,
	"deaths_max" integer NOT NULL,
	"cursor" bigint DEFAULT 0 NOT NULL,
	"skipped" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"runner" text,
	"lease_until" timestamp with time zone,
	"drained_at" timestamp with time zone,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"ended_at" timestamp with time zone
);
--> statement-breakpoint
ALTER TABLE "dead_letter_actions" ADD COLUMN "job" bigint;--> statement-breakpoint
CREATE INDEX "dead_letter_jobs_open" ON "dead_letter_jobs" USING btree ("id") WHERE "dead_letter_jobs"."state" in ('running', 'arriving');--> statement-breakpoint
CREATE INDEX "dead_letter_actions_job" ON "dead_letter_actions" USING btree ("job","letter") WHERE "dead_letter_actions"."job" is not null;