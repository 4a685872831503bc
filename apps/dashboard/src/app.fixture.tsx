/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import type {
  GroupCount,
  Job,
  JobMove,
  JobOrder,
  LetterCursor,
  LetterFilter,
  LetterSummary,
  WholeLetter,
} from "@spillway/dead-letters";
import { systemClock } from "@spillway/event";
import { platform } from "@spillway/event/platform-node";
import type { Deed, SessionTable, StoredSession } from "@spillway/operators";
import { createApp } from "./app.tsx";
import type { Readiness } from "./health.ts";
import type { DashboardPorts, LettersPort, SightPorts, Sights } from "./ports.ts";
import { askersOf, soundEdge, soundShard, soundSights } from "./sights.fixture.ts";
import { createWatch } from "./watch/watch.ts";

/* The whole app on ports of its own: what each test of a page begins with. */
export const PASSWORD = "correct horse battery";
export const hostile = `<script>alert(1)</script>"'><img src=x onerror=alert(1)>`;

const letter: LetterSummary = {
  id: "7",
  deadLetterClass: "oversize",
  code: "message_too_large",
  detail: hostile,
  type: hostile,
  source: hostile,
  eventId: hostile,
  partitionKey: hostile,
  topic: "t",
  shard: 0,
  attempts: 3,
  replay: 0,
  createdAtMs: 0,
  status: "waiting",
  entry: "1-0",
  index: 0,
  bytesLength: 9,
  discardReason: null,
  receivedAtMs: 0,
  firstFailedAtMs: 0,
  replayedAtMs: null,
  discardedAtMs: null,
};

export const ready: Readiness = { status: "up", checks: { redis: { status: "up" }, postgres: { status: "up" } } };

type Calls = {
  replayed: string[];
  discarded: [string, string][];
  asked: [LetterFilter, LetterCursor][];
  jobs: JobOrder[];
  moves: [string, JobMove][];
  /** Each with its result, once it has one. */
  deeds: (Deed | string)[][];
};

export const whole: WholeLetter = {
  ...letter,
  bytes: new TextEncoder().encode(`{"n":12345678901234567890,"s":${JSON.stringify(hostile)},"bidi":"\u202e"}`),
  identity: "0123456789abcdef",
  traceparent: null,
  tracestate: null,
  actions: [{ action: "restore", actor: hostile, reason: null, atMs: 0 }],
  history: [{ ...letter, id: "5", replay: 1, status: "replayed" }],
};

const group: GroupCount = {
  key: "-12",
  deadLetterClass: "oversize",
  code: "message_too_large",
  topic: hostile,
  type: null,
  letters: 1_234,
  capped: true,
  firstAtMs: 0,
  lastAtMs: 0,
  days: [0, 0, 0, 0, 0, 1, 9],
  sampleId: "7",
  detail: hostile,
};

export const job: Job = {
  id: "3",
  kind: "replay",
  state: "running",
  filter: { status: "waiting", deadLetterClass: "oversize", type: hostile, throughId: "9" },
  undoes: null,
  actor: hostile,
  address: "::1",
  reason: null,
  planned: 1_000,
  rate: 500,
  deathsMax: 20,
  cursor: "7",
  skipped: { replayed_too_often: 2 },
  runner: "runner",
  drainedAtMs: null,
  createdAtMs: 0,
  endedAtMs: null,
};

export const users = [
  { name: "ann", role: "operator" as const, passwordHash: `hash of ann's password` },
  { name: "vic", role: "viewer" as const, passwordHash: `hash of vic's password` },
];

/** Sessions as Postgres has them. */
export const sessionTable = (): SessionTable & { readonly rows: Map<string, StoredSession> } => {
  const rows = new Map<string, StoredSession>();
  return {
    rows,
    put: async (session) => void rows.set(session.idHash, session),
    find: async (idHash) => rows.get(idHash) ?? null,
    end: async (idHash) => {
      const row = rows.get(idHash);
      if (row !== undefined) rows.set(idHash, { ...row, endsAtMs: 0 });
    },
  };
};

const lettersOf = (calls: Calls, over: Partial<LettersPort>): LettersPort => ({
  groups: async () => ({ value: { groups: [group], more: true }, atMs: 0 }),
  page: async (filter, cursor) => {
    calls.asked.push([filter, cursor]);
    return { letters: [letter], older: "6", newer: "8", searched: null };
  },
  beside: async () => ({ newer: "8", older: "6" }),
  get: async (id) => (id === "7" ? whole : null),
  export: async function* () {
    yield whole;
  },
  plan: async () => ({ letters: 1_000, capped: false, skipped: { replayed_too_often: 2 }, throughId: "7" }),
  replay: async (id) => {
    calls.replayed.push(id);
    return { done: 1, refusals: [], isSo: false };
  },
  discard: async (id, _by, reason) => {
    calls.discarded.push([id, reason]);
    return { done: 0, refusals: ["already replayed"], isSo: false };
  },
  restore: async () => ({ done: 1, refusals: [], isSo: false }),
  ...over,
});

/** Shard 1 and the promise of Redis are in trouble. */
const sights: Sights = {
  ...soundSights,
  shards: [
    soundShard(0, { backlogEvents: 12_431, backlogBytes: 2048, oldestAgeMs: 90_000, divertedForMs: 3_000 }),
    { shard: 1, known: null },
  ],
  outbox: [{ shard: 0, rows: 2, events: 9, oldestAtMs: 0, exact: true }],
  edges: [
    {
      at: "edge:3000",
      said: {
        ...soundEdge,
        events_go_to: "outbox",
        checks: {
          ...soundEdge.checks,
          stream: {
            ...soundEdge.checks.stream,
            warnings: ["appendonly is no"],
            promise: { state: "broken", because: ["appendonly"] },
          },
        },
      },
    },
  ],
};

type Over = Partial<SightPorts & DashboardPorts>;

const deedsOf = (
  calls: Calls,
  shown: Job,
): Pick<DashboardPorts, "jobs" | "users" | "sessions" | "argon" | "audit"> => ({
  jobs: {
    create: async (order) => {
      const isNew = calls.jobs.every(({ key }) => key !== order.key);
      if (isNew) calls.jobs.push(order);
      return { id: "3", isNew };
    },
    get: async (id) => (id === "3" ? shown : null),
    page: async () => ({ jobs: [shown], older: "3" }),
    counts: async () => ({ decided: 998, died: 1 }),
    move: async (id, move) => {
      calls.moves.push([id, move]);
      return move !== "cancel";
    },
  },
  users: {
    find: async (name) => users.find((user) => user.name === name) ?? null,
  },
  sessions: sessionTable(),
  argon: { hash: async (text) => `hash of ${text}`, verify: async (text, hash) => hash === `hash of ${text}` },
  audit: {
    begin: async (deed) => String(calls.deeds.push([deed])),
    end: async (id, result) => void calls.deeds[Number(id) - 1]?.push(result),
    page: async () => ({
      entries: [
        {
          id: "2",
          atMs: 0,
          actor: hostile,
          address: "::1",
          action: "a",
          subject: hostile,
          reason: hostile,
          result: null,
        },
      ],
      older: "2",
    }),
  },
});

export const setUp = (
  over: Over = {},
  https = false,
  letters: Partial<LettersPort> = {},
  password: string | undefined = PASSWORD,
  shown: Job = job,
) => {
  const calls: Calls = { replayed: [], discarded: [], asked: [], jobs: [], moves: [], deeds: [] };
  const logged: string[] = [];
  let tokens = 0;
  const ports: DashboardPorts = {
    watch: createWatch({ ...askersOf(() => sights), ...over, clock: systemClock }),
    history: { points: () => [] },
    events: async ({ id }) => ({
      knownBy: "name",
      name: { id, source: "/", producer: "" },
      state: null,
      kafka: null,
      ahead: null,
    }),
    topicLimit: async () => ({ kind: "known", bytes: 1_048_588 }),
    environment: "development",
    settings: { REDIS_URL: "redis://10.0.0.9:6379", DASHBOARD_PASSWORD: "configured" },
    letters: lettersOf(calls, letters),
    ...deedsOf(calls, shown),
    identities: null,
    dev: null,
    acknowledgeLoss: async () => 5,
    health: { readiness: async () => ready, isStopping: () => false },
    clock: systemClock,
    platform,
    randomToken: () => `token-${++tokens}`,
    log: (level, event) => void logged.push(`${level} ${event}`),
    ...over,
  };
  const app = createApp(ports, {
    password: password === "" ? undefined : password,
    https,
    assets: { css: "", script: "" },
  });
  return { app, ports, calls, logged };
};

export type App = ReturnType<typeof setUp>["app"];
export const form = (fields: Record<string, string>, headers: Record<string, string> = {}) => ({
  method: "POST",
  body: new URLSearchParams(fields).toString(),
  headers: { "content-type": "application/x-www-form-urlencoded", ...headers },
});

export const logIn = async (app: App, who: Record<string, string> = { password: PASSWORD }) => {
  const response = await app.request("/login", form(who));
  const cookie = response.headers.get("set-cookie")?.split(";")[0] ?? "";
  const pages = ["/", "/lag", "/dead-letters", "/dead-letters?status=waiting", "/dead-letters/7"].map(async (path) =>
    (await app.request(path, { headers: { cookie } })).text(),
  );
  const page = (await Promise.all(pages)).join("\n");
  return { cookie, page, token: /name="form_token" value="([^"]+)"/.exec(page)?.[1] ?? "" };
};
