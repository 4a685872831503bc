import type { Outcome } from "@spillway/event";
import { eachCall, mapPorts } from "../ports.ts";
import { createStage, idOf, TOPIC } from "../stage.fixture.ts";

export const BAD = "bad";
/** What loads the topic before it takes nothing any more, so that the lanes hold what follows. */
export const FIRST = "first";
export const FORBIDDEN = { kind: "retriable", code: "topic_authorization_failed", pause: true } as const;
export const MOVED = { kind: "retriable", code: "not_leader_or_follower" } as const;

const routes = { topicNames: [TOPIC, BAD], topicOf: (type: string) => (type === "bad" ? BAD : TOPIC) };

/** Two topics, of which one takes nothing unless told. */
export const setUp = (options: Parameters<typeof createStage>[0] & { readonly isThere?: boolean } = {}) => {
  const stage = createStage(options);
  const { topics } = stage.world;
  if (options.isThere ?? true) topics.create(BAD, { partitions: 2 });
  const bad = (): string[] =>
    (topics.get(BAD)?.partitions ?? []).flatMap((log) => log.map(idOf)).filter((id) => id !== FIRST);
  return {
    ...stage,
    bad,
    fault: (outcome: Exclude<Outcome, { kind: "ok" }> | null) => topics.fault(BAD, outcome),
    start: (owner = "r1", changed: Parameters<typeof stage.start>[2] = {}) =>
      stage.start(owner, {}, { ...routes, ...changed }),
    startWith: (ports: Parameters<typeof stage.start>[1]) => stage.start("r1", ports, routes),
    /** A relay that is killed when this was done for the first time, before it hears of it. Answers whether it was. */
    startDying: (step: string) => {
      let isDead = false;
      const isClearing = () => first.relay.state().parked[0]?.mode === "clearing";
      const call = async (make: () => Promise<unknown>, method: string) => {
        if (isDead) return new Promise(() => undefined);
        const name = method === "park" && isClearing() ? "clear" : method;
        const isDue = name === step && (step !== "publish" || topics.faultOf(BAD) === null);
        const value = await make();
        if (isDue) {
          isDead = true;
          first.kill();
        }
        return isDead ? new Promise(() => undefined) : value;
      };
      const first = stage.start(
        "r1",
        mapPorts(stage.world, (port) => eachCall(port, call)),
        routes,
      );
      return () => isDead;
    },
    /** One event a chunk, for the topic that takes none. */
    postBad: async (ids: readonly string[], key = "k") => {
      for (const id of ids) await stage.post([id], key, "bad");
    },
    parked: (shard = 0) => stage.world.parked.rows(shard, BAD).length,
    /** From now on it takes nothing, and its lanes exist. */
    standsStill: async (why: Exclude<Outcome, { kind: "ok" }>) => {
      await stage.post([FIRST], "k", "bad");
      await stage.until(() => (topics.get(BAD)?.partitions ?? []).flat().some((record) => idOf(record) === FIRST));
      topics.fault(BAD, why);
    },
    marks: (shard = 0) => stage.world.streams.parked(shard).topics,
  };
};

export const upTo = (count: number, from = 0): string[] => Array.from({ length: count }, (_, i) => `e${from + i}`);
