CREATE TABLE "installation" (
	"one" boolean PRIMARY KEY DEFAULT true NOT NULL,
	"id" text NOT NULL,
	"namespace" text NOT NULL,
	"shards" integer NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "installation_one" CHECK ("installation"."one"),
	CONSTRAINT "installation_shards" CHECK ("installation"."shards" > 0)
);
--> statement-breakpoint
ALTER TABLE "outbox" ADD COLUMN "shards" integer;--> statement-breakpoint
-- An event in a shard that the installation does not have is drained by nobody, and one whose shard was taken from another
-- number may be in a shard that is not its key's. Writers that do not say their number are asked for the shard alone.
-- Before there is an installation, nobody knows the number. It reads with its owner's rights and in our own search_path, since an
-- application that enqueues has the right to insert here and no other. Locks: ACCESS SHARE on "installation".
CREATE FUNCTION "outbox_belongs"() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
	ours integer;
BEGIN
	SELECT shards INTO ours FROM installation;
	IF NEW.shard >= ours OR NEW.shard < 0 OR NEW.shards <> ours THEN
		RAISE EXCEPTION 'the writer has SHARDS=%, this installation %', coalesce(NEW.shards::text, 'unknown'), ours
			USING ERRCODE = 'SPW01', HINT = 'set SHARDS (createEnqueue: shards) to what the table installation says';
	END IF;
	RETURN NEW;
END
$$;--> statement-breakpoint
CREATE TRIGGER "outbox_belongs" BEFORE INSERT ON "outbox" FOR EACH ROW EXECUTE FUNCTION "outbox_belongs"();
