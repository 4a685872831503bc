import type { WholeLetter } from "@spillway/dead-letters";
import { REPLAYS_MAX, replayRefusalOf } from "@spillway/event";
import type { TopicLimit } from "../../sights/topic-limits.ts";
import { countOf } from "../format.ts";

const oversize = ({ bytesLength, topic }: WholeLetter, limit: TopicLimit): string => {
  const sends = `A replay sends its ${countOf(bytesLength)} bytes again`;
  if (limit.kind === "unknown")
    return `${sends}: it is refused again unless the topic's limit was raised since, which is not known.`;
  const takes = `${topic} takes ${countOf(limit.bytes)} bytes`;
  return bytesLength < limit.bytes
    ? `${sends}: it is likely to arrive, since ${takes} now.`
    : `${sends}: it is likely to be refused again, since ${takes}.`;
};

/** What a replay would do, as far as it is known. */
export const prospectOf = (letter: WholeLetter, limit: TopicLimit): string => {
  const isNamed = letter.source !== null && letter.eventId !== null;
  const refusal = replayRefusalOf({ ...letter, identity: isNamed ? letter.identity : null }, REPLAYS_MAX);
  if (refusal !== null) return `It cannot be replayed: ${refusal.detail}.`;
  if (letter.deadLetterClass === "oversize") return oversize(letter, limit);
  return "A replay sends it again, once: it is refused again unless what refused it was mended since.";
};
