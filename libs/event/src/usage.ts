/** How much of a producer comes to one edge, taken or not; a second. */
export type Usage = { readonly events: number; readonly bytes: number };

/** The same of all edges together, and how many they are: those that have told of it in the last seconds, this one included. */
export type UsageOfAll = Usage & { readonly edges: number };

/**
 * What an edge tells the others of its producers that have a quota, and hears of them. It goes with appends, in their requests, and
 * costs none of its own: nothing is told while nothing is appended.
 */
export type UsageExchange = {
  /** What is to be told now, by producer; nothing where it was told a moment ago. */
  due(): readonly { readonly name: string; readonly usage: Usage }[];
  /** The answer to what was told last. May never come. */
  heard(name: string, ofAll: UsageOfAll): void;
};
