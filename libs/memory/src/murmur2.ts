const M = 0x5bd1e995;
const SEED = 0x9747b28c;

/** Kafka's murmur2 of a key's UTF-8, made positive the way Kafka's clients do. */
export const murmur2 = (key: string): number => {
  const data = new TextEncoder().encode(key);
  let hash = SEED ^ data.length;
  const words = data.length >> 2;
  for (let word = 0; word < words; word++) {
    const at = word * 4;
    let k = (data[at] ?? 0) | ((data[at + 1] ?? 0) << 8) | ((data[at + 2] ?? 0) << 16) | ((data[at + 3] ?? 0) << 24);
    k = Math.imul(k, M);
    k = Math.imul(k ^ (k >>> 24), M);
    hash = Math.imul(hash, M) ^ k;
  }
  const tail = words * 4;
  const rest = data.length - tail;
  if (rest > 0) {
    for (let byte = rest - 1; byte >= 0; byte--) hash ^= (data[tail + byte] ?? 0) << (8 * byte);
    hash = Math.imul(hash, M);
  }
  hash = Math.imul(hash ^ (hash >>> 13), M);
  return (hash ^ (hash >>> 15)) & 0x7fffffff;
};
