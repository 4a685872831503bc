const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));
const RANDOM_BYTES = 10;
/** Of so many ids at once: the call costs more than its bytes. */
const IDS = 400;

/**
 * Ids of RFC 9562, version 7: 48 bits of the time, then 74 bits of chance. `fillRandom` must be fit for secrets, and is called no
 * sooner than the first id is wanted: Workers have no chance before their first request.
 */
export const createUuid7 = (
  wallMs: () => number,
  fillRandom: (bytes: Uint8Array<ArrayBuffer>) => void,
): (() => string) => {
  const random = new Uint8Array(IDS * RANDOM_BYTES);
  let at = random.length;
  let time = "";
  let timeMs = -1;
  const hex = (byte: number): string => HEX[byte] as string;
  return () => {
    if (at === random.length) {
      fillRandom(random);
      at = 0;
    }
    const ms = wallMs();
    if (ms !== timeMs) {
      const digits = ms.toString(16).padStart(12, "0");
      time = `${digits.slice(0, 8)}-${digits.slice(8)}-`;
      timeMs = ms;
    }
    const next = (): number => random[at++] as number;
    const version = 0x70 | (next() & 0x0f);
    const low = next();
    const variant = 0x80 | (next() & 0x3f);
    const [a, b, c, d, e, f, g] = [next(), next(), next(), next(), next(), next(), next()];
    return `${time}${hex(version)}${hex(low)}-${hex(variant)}${hex(a)}-${hex(b)}${hex(c)}${hex(d)}${hex(e)}${hex(f)}${hex(g)}`;
  };
};
