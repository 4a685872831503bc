import { bigint, index, integer, pgTable, primaryKey, text } from "drizzle-orm/pg-core";
import { moment } from "./moment.ts";

/* What the dashboards keep for themselves. */

/** What the dashboards saw of the flow, by spans of time of two lengths; the old ones of each are deleted. */
export const flowHistory = pgTable(
  "flow_history",
  {
    spanSeconds: integer("span_seconds").notNull(),
    at: moment("at").notNull(),
    /** Of all time, as last seen in the span: events that came in, and that arrived in Kafka or died. */
    accepted: bigint({ mode: "number" }).notNull(),
    ended: bigint({ mode: "number" }).notNull(),
    /** In the span: requests that were told to come again. */
    refused: bigint({ mode: "number" }).notNull(),
    /** The most of the span: events that waited, and the age of the oldest. */
    waiting: bigint({ mode: "number" }).notNull(),
    oldestMs: bigint("oldest_ms", { mode: "number" }).notNull(),
  },
  (table) => [primaryKey({ columns: [table.spanSeconds, table.at] })],
);

/** Since when the dashboards see what is wrong: of what nobody else knows it a restart would forget it. Rows that nobody sees go. */
export const standingTroubles = pgTable("standing_troubles", {
  key: text().primaryKey(),
  since: moment("since").notNull(),
  seenAt: moment("seen_at").notNull().defaultNow(),
});

/** People who may use the dashboard. A name is never given again to somebody else: rows are disabled, not deleted. */
export const users = pgTable("users", {
  name: text().primaryKey(),
  role: text({ enum: ["viewer", "operator"] }).notNull(),
  /** Argon2id, with its parameters. */
  passwordHash: text("password_hash").notNull(),
  createdAt: moment("created_at").notNull().defaultNow(),
  disabledAt: moment("disabled_at"),
});

/** Sessions of the dashboard. One that is over stays for 90 days: its browser is known to have been somebody's. */
export const sessions = pgTable(
  "sessions",
  {
    /** SHA-256 of what the cookie holds: who reads the table can open none. */
    idHash: text("id_hash").primaryKey(),
    formToken: text("form_token").notNull(),
    userName: text("user_name").notNull(),
    /** Null: whoever is in `users` now; else the user of a setting, who is not there. */
    role: text({ enum: ["viewer", "operator"] }),
    createdAt: moment("created_at").notNull().defaultNow(),
    endsAt: moment("ends_at").notNull(),
  },
  (table) => [index("sessions_created").on(table.createdAt)],
);
