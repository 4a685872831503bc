import { seededRandom } from "@spillway/event/seeded-random";
import { expect, test } from "vitest";
import type { Outcome } from "./outcome.ts";
import { createMemoryStore, createScriptedClient, type Posted } from "./scripted.fixture.ts";

/*
 * A client against an edge that does everything that it may: refuses keys, cuts a batch where a quota ends, loses answers, stores what
 * it has been given up on, with pages that are hidden and processes that die in between.
 */
const SEEDS = 300;
const EVENTS = 40;
const unavailable = { code: "unavailable", retryable: true };

/** Keeps each id once, as the edge does. */
const createEdge = (random: () => number) => {
  const stored: string[] = [];
  const late: (() => void)[] = [];
  const keep = (events: Posted["events"]) => {
    for (const { id } of events) if (!stored.includes(id)) stored.push(id);
  };
  const refuse = async (post: Posted, isRefused: (subject: string | undefined, index: number) => boolean) => {
    const errors = post.events.flatMap(({ subject }, index) =>
      isRefused(subject, index) ? [{ ...unavailable, index }] : [],
    );
    keep(post.events.filter(({ subject }, index) => !isRefused(subject, index)));
    await post.name(errors.length === 0 ? 202 : errors.length === post.ids.length ? 503 : 207, errors, 1_000);
  };
  const faults: readonly ((post: Posted) => Promise<void>)[] = [
    (post) => refuse(post, () => false),
    async (post) => {
      keep(post.events);
      await post.fail(null, "timeout");
    },
    async (post) => {
      late.push(() => keep(post.events));
      await post.fail(null, "timeout");
    },
    (post) => post.fail(null, "network"),
    (post) => post.fail(503, "overloaded", 2_000),
    (post) => post.fail(413, "body_too_large"),
    (post) => {
      const refused = new Set(["k0", "k1", "k2", undefined].filter(() => random() < 0.4));
      return refuse(post, (subject) => refused.has(subject));
    },
    (post) => {
      const taken = Math.floor(random() * post.ids.length);
      return refuse(post, (_, index) => index >= taken);
    },
  ];
  return {
    stored,
    answer: (post: Posted, isWell: boolean): Promise<void> => {
      const drawn = isWell ? 0 : Math.floor(random() * faults.length);
      // What is too large alone is refused for good.
      return faults[drawn === 5 && post.ids.length === 1 ? 0 : drawn]!(post);
    },
    storeLate: () => late.splice(0).forEach((store) => void store()),
  };
};

const runSeed = async (seed: number) => {
  const random = seededRandom(seed);
  const edge = createEdge(random);
  const { store } = createMemoryStore();
  const page = Object.assign(new EventTarget(), { visibilityState: "hidden" });
  const start = () => createScriptedClient({ store, batchEventsMax: 6, lingerMs: 50 }, page);
  let life = start();
  let answered = 0;
  const taken: { id: string; key: string | undefined }[] = [];
  const outcomes: Promise<Outcome>[] = [];

  const turn = async (isWell: boolean): Promise<void> => {
    await life.clock.advance(Math.floor(random() * 300));
    while (answered < life.posts.length && (isWell || random() < 0.7))
      await edge.answer(life.posts[answered++]!, isWell);
    if (random() < 0.2) edge.storeLate();
  };
  for (let n = 0; n < EVENTS; n++) {
    const key = [undefined, "k0", "k1", "k2"][Math.floor(random() * 4)];
    outcomes.push((await life.send(`${n}`, key)).outcome);
    taken.push({ id: `${n}`, key });
    if (random() < 0.5) await turn(false);
    if (random() < 0.1) page.dispatchEvent(new Event("visibilitychange"));
    if (random() < 0.03) {
      // What was under way may be stored, and nobody hears of it.
      for (const post of life.posts.slice(answered)) if (random() < 0.5) await edge.answer(post, false);
      life = start();
      answered = 0;
    }
  }
  const closed = life.client.close({ timeoutMs: 600_000 });
  for (let n = 0; n < 400; n++) await turn(true);
  expect(await closed, `seed ${seed}`).toEqual({ unsent: 0 });
  edge.storeLate();
  const orderOf = (key: string, ids: readonly string[]) =>
    ids.filter((id) => taken.some((event) => event.id === id && event.key === key));
  expect([...edge.stored].sort(), `seed ${seed}`).toEqual(taken.map(({ id }) => id).sort());
  for (const key of ["k0", "k1", "k2"])
    expect(orderOf(key, edge.stored), `seed ${seed}, ${key}`).toEqual(
      orderOf(
        key,
        taken.map(({ id }) => id),
      ),
    );
};

test(`${SEEDS} edges that fail as they may: all that was taken is stored, each key in order`, async () => {
  for (let seed = 1; seed <= SEEDS; seed++) await runSeed(seed);
});
