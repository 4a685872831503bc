import type { SinkRecord } from "@spillway/event";
import { seededRandom } from "@spillway/event/seeded-random";

const alphabet = [...'abcXYZ019 -_/.:"\\\u0000\u007f\u0080éßłß漢字かな🦊🚀', "\ud800"];

/** Keys and records at random from one seed, for tests; a seed gives the same ones for ever. */
export const createRandomRecords = (seed: number) => {
  const chance = seededRandom(seed);
  const below = (limit: number) => Math.floor(chance() * limit);
  const text = (lengthMax: number) => {
    let written = "";
    for (let left = below(lengthMax + 1); left > 0; left--) written += alphabet[below(alphabet.length)];
    return written;
  };
  const headers = () => {
    const made: Record<string, string> = {};
    for (let left = below(5); left > 0; left--) made[text(70)] = text(200);
    return made;
  };
  return {
    below,
    text,
    record: (): SinkRecord => ({
      key: below(4) === 0 ? null : text(below(8) === 0 ? 400 : 40),
      value: Uint8Array.from({ length: below(6) === 0 ? below(20_000) : below(300) }, () => below(256)),
      headers: headers(),
      // Weeks apart now and then: a replayed record keeps the time of its ingest.
      timestampMs: 1_790_000_000_000 - (below(5) === 0 ? below(2 ** 40) : below(10_000)),
    }),
  };
};
