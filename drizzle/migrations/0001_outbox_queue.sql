-- Chunks are deflated already: compressing them again only costs CPU.
ALTER TABLE "outbox" ALTER COLUMN "chunk" SET STORAGE EXTERNAL;--> statement-breakpoint
-- A queue's table is mostly dead rows: vacuum by their number, not by a share of what is left, and as fast as it can.
ALTER TABLE "outbox" SET (
	autovacuum_vacuum_scale_factor = 0,
	autovacuum_vacuum_threshold = 5000,
	autovacuum_vacuum_insert_scale_factor = 0,
	autovacuum_vacuum_insert_threshold = 50000,
	autovacuum_analyze_scale_factor = 0,
	autovacuum_analyze_threshold = 50000,
	autovacuum_vacuum_cost_delay = 0
);--> statement-breakpoint
-- Wakes the drain. A commit that notifies holds a lock of the whole server until its fsync is over (16 connections: 3,800
-- inserts/s, 6,600 without), so of all commits at one moment one notifies. Deferred to the commit, because an
-- application's long transaction would keep that lock and silence everybody else. A hint: the drain polls as well.
CREATE FUNCTION "outbox_notify"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF pg_try_advisory_xact_lock(hashtext('spillway'), hashtext('outbox')) THEN
		PERFORM pg_notify('spillway_outbox', '');
	END IF;
	RETURN NULL;
END
$$;--> statement-breakpoint
CREATE CONSTRAINT TRIGGER "outbox_notify" AFTER INSERT ON "outbox"
	DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION "outbox_notify"();
