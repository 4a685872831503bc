/**
 * The shard of a text (a partition key, or a dedup key where there is none): FNV-1a over UTF-16 code units with
 * murmur3's finalizer, since plain FNV leaves the low bits of similar keys alike. Never change it: the order of a key
 * and its dedup keys live in its shard.
 */
export const shardOf = (text: string, shards: number): number => {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) % shards;
};
