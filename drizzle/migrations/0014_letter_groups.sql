ALTER TABLE "dead_letters" ADD COLUMN "group_key" bigint GENERATED ALWAYS AS (hashtextextended(class || chr(31) || code || chr(31) || coalesce(topic, '') || chr(31) || coalesce(type, ''), 0)) STORED;--> statement-breakpoint
CREATE INDEX "dead_letters_key" ON "dead_letters" USING btree (hashtextextended("partition_key", 0),"id");--> statement-breakpoint
CREATE INDEX "dead_letters_event_id" ON "dead_letters" USING btree (hashtextextended("event_id", 0),"id");--> statement-breakpoint
CREATE INDEX "dead_letters_created" ON "dead_letters" USING btree ("created_at","id");--> statement-breakpoint
CREATE INDEX "dead_letters_group" ON "dead_letters" USING btree ("group_key","id");--> statement-breakpoint
CREATE INDEX "dead_letters_waiting_group" ON "dead_letters" USING btree ("group_key","id","created_at") WHERE "dead_letters"."replayed_at" is null and "dead_letters"."discarded_at" is null;--> statement-breakpoint
CREATE INDEX "dead_letters_replayed" ON "dead_letters" USING btree ("id") WHERE "dead_letters"."replayed_at" is not null;--> statement-breakpoint
CREATE INDEX "dead_letters_discarded" ON "dead_letters" USING btree ("id") WHERE "dead_letters"."discarded_at" is not null;