/** Events whose `type` starts with `prefix` go to `topic`. */
type TopicRoute = { readonly prefix: string; readonly topic: string };

/** Routes, longest prefix first; the last one matches everything. */
type TopicRoutes = readonly TopicRoute[];

/** Each prefix is given once, and is not empty: the settings of the relay see to it. */
export const topicRoutes = (defaultTopic: string, routes: readonly TopicRoute[]): TopicRoutes => {
  const longestFirst = routes.toSorted((a, b) => b.prefix.length - a.prefix.length);
  return [...longestFirst, { prefix: "", topic: defaultTopic }];
};

/** The topic of an event type: the longest matching prefix wins. */
export const topicFor = (routes: TopicRoutes, type: string): string => {
  for (const route of routes) if (type.startsWith(route.prefix)) return route.topic;
  throw new RangeError("routes come from topicRoutes(), whose last route matches every type");
};
