import type { Clock } from "./clock.ts";

const hex = (bytes: Iterable<number>): string => [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");

/**
 * A UUIDv7 (RFC 9562): ids of one process sort by the millisecond of their making. By `getRandomValues`, since browsers have
 * `crypto.randomUUID` on https and localhost only.
 */
export const newEventId = (wallMs: Clock["wallMs"]): string => {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const ms = wallMs();
  for (let i = 0; i < 6; i++) bytes[i] = Math.floor(ms / 256 ** (5 - i));
  bytes[6] = 0x70 | (bytes[6]! & 0x0f);
  bytes[8] = 0x80 | (bytes[8]! & 0x3f);
  return hex(bytes).replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
};
