-- Until the indexes are there, nobody may put another double.
LOCK TABLE "dead_letters" IN SHARE ROW EXCLUSIVE MODE;--> statement-breakpoint
-- Of several letters of one life of an event the oldest stays, with what was done to any of them: what was sent is sent,
-- what waits in one of them waits, and only where all were discarded it is.
WITH "lives" AS (
	SELECT min("id") AS "kept", min("replayed_at") AS "replayed_at",
		bool_or("replayed_at" IS NULL AND "discarded_at" IS NULL) AS "waits"
	FROM "dead_letters" WHERE "dedup_key" IS NOT NULL GROUP BY "dedup_key", "replay" HAVING count(*) > 1
)
UPDATE "dead_letters" SET
	"replayed_at" = "lives"."replayed_at",
	"discarded_at" = CASE WHEN "lives"."replayed_at" IS NULL AND NOT "waits" THEN "discarded_at" END,
	"discard_reason" = CASE WHEN "lives"."replayed_at" IS NULL AND NOT "waits" THEN "discard_reason" END
FROM "lives" WHERE "id" = "kept";--> statement-breakpoint
UPDATE "dead_letter_actions" SET "letter" = "kept" FROM (
	SELECT "id", min("id") OVER (PARTITION BY "dedup_key", "replay") AS "kept"
	FROM "dead_letters" WHERE "dedup_key" IS NOT NULL
) AS "letters" WHERE "letter" = "letters"."id" AND "letter" <> "kept";--> statement-breakpoint
DELETE FROM "dead_letters" USING (
	SELECT "id", min("id") OVER (PARTITION BY "dedup_key", "replay") AS "kept"
	FROM "dead_letters" WHERE "dedup_key" IS NOT NULL
) AS "letters" WHERE "dead_letters"."id" = "letters"."id" AND "letters"."id" <> "kept";--> statement-breakpoint
-- A relay of an older version names this constraint: it waits with its dead letters until it is replaced.
ALTER TABLE "dead_letters" DROP CONSTRAINT "dead_letters_place";--> statement-breakpoint
DROP INDEX "dead_letters_event";--> statement-breakpoint
CREATE UNIQUE INDEX "dead_letters_life" ON "dead_letters" USING btree ("dedup_key","replay") WHERE "dead_letters"."dedup_key" is not null;--> statement-breakpoint
CREATE UNIQUE INDEX "dead_letters_place" ON "dead_letters" USING btree ("shard","entry","index") WHERE "dead_letters"."dedup_key" is null;
