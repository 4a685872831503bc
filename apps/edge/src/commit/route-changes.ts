/**
 * Tells that events may have another route than before: a tier went down or came back, shards were opened or released.
 *
 * What routes rest on (the tiers, the reopening) is made before what follows them (the group commit), so this is the one
 * way back from the former to the latter.
 */
export type RouteChanges = {
  tell(): void;
  /** To be called once, before anything is told. */
  follow(follower: () => void): void;
};

export const createRouteChanges = (): RouteChanges => {
  let followed: (() => void) | null = null;
  return {
    tell: () => {
      if (followed === null) throw new Error("a route changed before anybody followed");
      followed();
    },
    follow: (follower) => {
      if (followed !== null) throw new Error("routes are followed already");
      followed = follower;
    },
  };
};
