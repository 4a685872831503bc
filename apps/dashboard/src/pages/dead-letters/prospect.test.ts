import { expect, test } from "vitest";
import { whole } from "../../app.fixture.tsx";
import { prospectOf } from "./prospect.ts";

const letter = { ...whole, bytesLength: 30_000, topic: "events" };
const limit = (bytes: number) => ({ kind: "known", bytes }) as const;

test.each([
  ["its topic takes less", letter, limit(20_000), /likely to be refused again, since events takes 20,000 bytes\.$/],
  ["its topic takes as much, without the headers", letter, limit(30_000), /likely to be refused again/],
  ["its topic takes more", letter, limit(40_000), /likely to arrive, since events takes 40,000 bytes now\.$/],
  ["nobody says", letter, { kind: "unknown", why: "…" } as const, /refused again unless .* which is not known\.$/],
  [
    "it is no question of size",
    { ...letter, deadLetterClass: "rejected" } as const,
    limit(1),
    /what refused it was mended/,
  ],
  ["it went round too often", { ...letter, replay: 5 }, limit(40_000), /^It cannot be replayed: /],
  ["its bytes do not tell what it is", { ...letter, source: null }, limit(40_000), /^It cannot be replayed: /],
])("a replay is told as what it would do, where %s", (_, dead, takes, said) => {
  expect(prospectOf(dead, takes)).toMatch(said);
});
