/** Events whose `type` starts with `prefix` go to `topic`. */
export type TopicRoute = { readonly prefix: string; readonly topic: string };

/** Routes, longest prefix first; the last one matches everything. */
export type TopicRoutes = readonly TopicRoute[];

/** What a broker accepts as a topic's name. */
const topicName = /^[a-zA-Z0-9._-]{1,249}$/;

const checkTopic = (topic: string): void => {
  if (topicName.test(topic) && topic !== "." && topic !== "..") return;
  throw new RangeError(`"${topic}" cannot be a topic: 1 to 249 of a-z A-Z 0-9 . _ - and neither "." nor ".."`);
};

/** Throws `RangeError` for a name that no broker accepts and for a prefix that is given twice. */
export const topicRoutes = (defaultTopic: string, routes: readonly TopicRoute[] = []): TopicRoutes => {
  const prefixes = new Set([""]);
  checkTopic(defaultTopic);
  for (const { prefix, topic } of routes) {
    checkTopic(topic);
    if (prefixes.has(prefix)) throw new RangeError(`the prefix "${prefix}" has two topics`);
    prefixes.add(prefix);
  }
  const longestFirst = routes.toSorted((a, b) => b.prefix.length - a.prefix.length);
  return [...longestFirst, { prefix: "", topic: defaultTopic }];
};

/** The topic of an event type: the longest matching prefix wins. */
export const topicFor = (routes: TopicRoutes, type: string): string => {
  for (const route of routes) if (type.startsWith(route.prefix)) return route.topic;
  throw new RangeError("routes come from topicRoutes(), whose last route matches every type");
};
