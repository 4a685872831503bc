import { Unavailable } from "@spillway/event";
import { describe, expect, test } from "vitest";
import { createDependencies, noted } from "./dependencies.ts";
import { createStage, type Stage } from "./stage.fixture.ts";

const refusing = async (): Promise<never> => {
  throw new Unavailable("here");
};

/** Calls that Postgres refuses while it answers every other, so that nobody else could have told. */
const refused: readonly (readonly [string, (stage: Stage) => Promise<Parameters<Stage["start"]>[1]>])[] = [
  [
    "a lane's dead letters",
    async (stage) => {
      stage.broker.answer = () => ({ kind: "fatal", code: "too_large", deadLetterClass: "oversize" });
      await stage.post(["a"]);
      return { deadLetters: { put: refusing } };
    },
  ],
  [
    "the dead letter of a damaged entry",
    async (stage) => {
      await stage.post(["a"]);
      stage.world.streams.damage(0, stage.world.streams.entriesAfter(0, "0", 1)[0]?.id ?? "");
      return { deadLetters: { put: refusing } };
    },
  ],
  ["the watch over the outbox", async ({ world }) => ({ outboxDrain: { ...world.outboxDrain, watch: refusing } })],
];

describe("what the relay knows of a backend", () => {
  test.each(refused)("is heard from every call: %s", async (_name, portsOf) => {
    const stage = createStage();
    stage.start("r1", await portsOf(stage));
    await stage.clock.advance(1_000);
    const fields = stage.logged("dependency.down").map((line) => line.fields);
    expect(fields).toContainEqual({ owner: "r1", dependency: "postgres", code: "here" });
  });

  test("is not that it is up because a watch was begun, which connects later", async () => {
    const stage = createStage();
    const silent = () => new Promise<never>(() => undefined);
    const { relay } = stage.start("r1", {
      outboxDrain: { ...stage.world.outboxDrain, occupied: silent, size: silent },
      parking: { ...stage.world.parking, topics: silent },
      ledger: { checkpoint: silent, record: silent, retire: silent, fold: silent },
    });
    await stage.clock.advance(5_000);
    expect(relay.state().dependencies).toEqual({ redis: { status: "up" }, postgres: { status: "unknown" } });
  });

  test("comes from refusals alone: a programmer's error says nothing of the backend, and goes on up", async () => {
    const heard: string[] = [];
    const dependencies = createDependencies((name, { status }) => heard.push(`${name} ${status}`));
    const answers: (() => Promise<number>)[] = [
      async () => 1,
      refusing,
      async () => {
        throw new TypeError("a bug");
      },
    ];
    const port = noted({ ask: (n: number) => answers[n]!() }, "redis", dependencies);
    expect(await port.ask(0)).toEqual({ ok: true, value: 1 });
    expect(await port.ask(1)).toEqual({ ok: false, code: "here" });
    await expect(port.ask(2)).rejects.toThrow("a bug");
    expect(heard).toEqual(["redis up", "redis down"]);
  });
});
