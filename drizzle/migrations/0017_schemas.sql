CREATE TABLE "schema_changes" (
	"one" boolean PRIMARY KEY DEFAULT true NOT NULL,
	"change" bigint DEFAULT 0 NOT NULL,
	CONSTRAINT "schema_changes_one" CHECK ("schema_changes"."one")
);
--> statement-breakpoint
CREATE TABLE "schema_types" (
	"type" text PRIMARY KEY NOT NULL,
	"mode" text NOT NULL,
	"change" bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE "schema_versions" (
	"id" integer PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "schema_versions_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 2147483647 START WITH 1 CACHE 1),
	"type" text NOT NULL,
	"version" integer NOT NULL,
	"schema" text NOT NULL,
	"registered_by" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX "schema_versions_place" ON "schema_versions" USING btree ("type","version");--> statement-breakpoint
INSERT INTO "schema_changes" DEFAULT VALUES;
