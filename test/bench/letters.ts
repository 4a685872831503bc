import type { Running } from "@spillway/backends";
import { DASHBOARD_PASSWORD, startDashboard } from "../support/dashboard.ts";
import { type Pipeline, type Services, startPipeline } from "../support/world.ts";
import { below, type Row } from "./row.ts";
import { median } from "./sample.ts";

/* The dashboard beside a million dead letters: how long each page and each filter takes, and how large it is. */
const PAGE_MS_MAX = 100;
const FRONT_MS_MAX = 50;
const KIB_MAX = 60;

/**
 * Letters of a week of 40 kinds, of which the first has half of all; one in eight was replayed, one in sixteen discarded, and one in a
 * thousand has what is looked for. As many as Postgres makes in a statement.
 */
const fill = (sql: Pipeline["sql"], count: number) => sql`
  insert into dead_letters (shard, entry, index, class, code, detail, topic, type, partition_key, dedup_key, replay, attempts,
    received_at, bytes, source, event_id, first_failed_at, created_at, replayed_at, discarded_at, discard_reason)
  select i % 4, i || '-0', 0, (array['oversize', 'rejected', 'poison', 'rejected'])[1 + kind % 4],
    (array['message_too_large', 'invalid_timestamp', 'invalid_record', 'policy_violation', 'unknown'])[1 + kind % 5],
    'the broker refused the record of ' || i || case when i % 1000 = 0 then ' needle' else '' end,
    'topic-' || kind % 8, 'type-' || kind || '.created', 'customer-' || i % 50000, lpad(i::text, 16, '0'), i % 7 / 6, 1,
    at, convert_to(rpad('{"specversion":"1.0","type":"t","source":"/shop","id":"e-' || i || '","data":"', 400, 'x') || '"}', 'UTF8'),
    '/shop-' || i % 3, 'e-' || i, at, at, case when i % 8 = 0 then at end, case when i % 16 = 1 then at end,
    case when i % 16 = 1 then 'test data' end
  from (
    select i, case when i % 2 = 0 then 0 else 1 + (i / 2) % 39 end as kind,
      now() - interval '7 days' * (1 - i::float8 / ${count}) as at
    from generate_series(1, ${count}::int) as i
  ) as made`;

/** Each way to look, with a letter in the middle for the pages there. */
const pathsOf = (middle: number): readonly string[] => [
  "/",
  "/lag",
  "/pipeline",
  "/jobs",
  "/audit",
  "/help",
  "/dead-letters",
  "/dead-letters?status=waiting",
  `/dead-letters?status=waiting&before=${middle}`,
  `/dead-letters?status=waiting&after=${middle}`,
  "/dead-letters?status=waiting&before=200",
  "/dead-letters?status=any",
  "/dead-letters?status=replayed",
  `/dead-letters?status=discarded&before=${middle}`,
  "/dead-letters?class=oversize",
  `/dead-letters?class=poison&before=${middle}`,
  "/dead-letters?code=message_too_large",
  "/dead-letters?code=nothing",
  "/dead-letters?topic=topic-3",
  "/dead-letters?type=type-0.created",
  "/dead-letters?type=type-17.created&status=replayed",
  "/dead-letters?type=nothing",
  "/dead-letters?key=customer-17",
  "/dead-letters?source=/shop-1",
  "/dead-letters?source=nothing",
  `/dead-letters?id=e-${middle}&status=any`,
  "/dead-letters?since=2h",
  "/dead-letters?until=6d",
  "/dead-letters?since=4d&until=3d&class=rejected",
  "/dead-letters?q=needle",
  "/dead-letters?q=nothing",
  "/dead-letters?class=oversize&code=message_too_large&topic=topic-0&type=type-0.created",
  "/dead-letters?class=oversize&code=message_too_large&topic=topic-0&type=type-0.created&status=replayed",
  // Two of which no letter has both: nothing is found, however far one looks.
  "/dead-letters?type=type-17.created&status=discarded&code=nothing",
  "/dead-letters?type=type-17.created&class=poison",
  "/dead-letters?type=type-17.created&topic=topic-3&status=any",
  "/dead-letters?type=type-17.created&source=nothing",
  "/dead-letters?type=type-17.created&q=nothing",
  "/dead-letters?type=type-0.created&status=discarded",
  "/dead-letters?class=poison&status=replayed",
  "/dead-letters?class=rejected&q=nothing",
  "/dead-letters?status=replayed&code=nothing",
  "/dead-letters?status=discarded&source=nothing",
  "/dead-letters?status=replayed&no=type",
  "/dead-letters?status=replayed&q=nothing",
  "/dead-letters?class=rejected&code=policy_violation&topic=topic-1&type=type-17.created&q=nothing",
  `/dead-letters/${middle}?type=type-17.created&status=replayed`,
  `/dead-letters/${middle}?type=type-17.created&q=nothing`,
  `/dead-letters/${middle}`,
  `/dead-letters/${middle}?class=oversize&code=message_too_large&topic=topic-0&type=type-0.created`,
  `/dead-letters/${middle}?q=nothing`,
  "/jobs/new?kind=replay",
  "/jobs/new?kind=replay&class=oversize&code=message_too_large&topic=topic-0&type=type-0.created",
  "/jobs/new?kind=discard&q=needle",
  "/jobs/new?kind=replay&type=type-17.created",
  "/jobs/new?kind=replay&type=type-17.created&since=6d",
  "/jobs/new?kind=discard&class=rejected&source=nothing",
  `/events/e-${middle}`,
];

type Looked = { readonly firstMs: number; readonly wholeMs: number; readonly kib: number };

const look = async (url: string, cookie: string): Promise<Looked> => {
  const startMs = performance.now();
  const response = await fetch(url, { headers: { cookie }, redirect: "manual" });
  const firstMs = performance.now() - startMs;
  const kib = (await response.arrayBuffer()).byteLength / 1024;
  const isThere = response.status === 200;
  if (!isThere) console.log(`  ${url} answered ${response.status}`);
  return { firstMs, wholeMs: isThere ? performance.now() - startMs : Number.POSITIVE_INFINITY, kib };
};

const logIn = async ({ url }: Running): Promise<string> => {
  const body = new URLSearchParams({ password: DASHBOARD_PASSWORD });
  const answer = await fetch(`${url}/login`, { method: "POST", body, redirect: "manual" });
  return answer.headers.get("set-cookie")?.split(";")[0] ?? "";
};

const rowsOf = async (dashboard: Running, path: string, cookie: string, rounds: number): Promise<Row[]> => {
  const looks: Looked[] = [];
  await look(`${dashboard.url}${path}`, cookie);
  for (let i = 0; i < rounds; i++) looks.push(await look(`${dashboard.url}${path}`, cookie));
  const workload = `${path} beside the letters`;
  const size = below(KIB_MAX, {
    workload: `${workload}, size`,
    ours: Math.max(...looks.map(({ kib }) => kib)),
    unit: "KiB",
    rounds,
  });
  const whole = below(PAGE_MS_MAX, { workload, ours: median(looks.map(({ wholeMs }) => wholeMs)), unit: "ms", rounds });
  if (path !== "/") return [whole, size];
  const first = median(looks.map(({ firstMs }) => firstMs));
  return [below(FRONT_MS_MAX, { workload: `${workload}, first byte`, ours: first, unit: "ms", rounds }), whole, size];
};

/** `count` letters in Postgres, and every page as somebody who is logged in gets it. */
export const benchLetters = async (services: Services, count: number, rounds: number): Promise<Row[]> => {
  const pipeline = await startPipeline(services, {});
  await fill(pipeline.sql, count);
  await pipeline.sql`vacuum analyze dead_letters`;
  const dashboard = await startDashboard(services, pipeline);
  const cookie = await logIn(dashboard);
  const rows: Row[] = [];
  for (const path of pathsOf(Math.floor(count / 2) + 1)) rows.push(...(await rowsOf(dashboard, path, cookie, rounds)));
  await dashboard.stop();
  await pipeline.stop();
  return rows;
};
