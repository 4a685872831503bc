CREATE TABLE "flow_history" (
	"span_seconds" integer NOT NULL,
	"at" timestamp with time zone NOT NULL,
	"accepted" bigint NOT NULL,
	"ended" bigint NOT NULL,
	"refused" bigint NOT NULL,
	"waiting" bigint NOT NULL,
	"oldest_ms" bigint NOT NULL,
	CONSTRAINT "flow_history_span_seconds_at_pk" PRIMARY KEY("span_seconds","at")
);
