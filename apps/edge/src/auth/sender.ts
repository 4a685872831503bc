import type { Clock, Platform } from "@spillway/event";
import type { Problem } from "../respond.ts";
import { type ApiKey, createKeyRing, unauthorized } from "./api-key.ts";
import { isPublishable, type PublishableKey } from "./publishable-key.ts";

/** Whose key a request came with. `isPage`: it is a publishable one, and the request a page's of one of its origins. */
export type Sender = { readonly name: string; readonly isPage: boolean };

const secretInAddress: Problem = {
  code: "key_in_address",
  detail:
    "a key in an address is read by everything on the way: replace it, and send the new one as Authorization: Bearer <key>",
  headers: { "www-authenticate": 'Bearer realm="spillway", error="invalid_request"' },
};

/** Of the query `?key=…`; null where it has none, or several. */
const keyInAddress = (url: string): string | null => {
  const query = url.indexOf("?");
  const keys = query < 0 ? [] : new URLSearchParams(url.slice(query + 1)).getAll("key");
  return keys.length === 1 ? (keys[0] as string) : null;
};

const forbidden = (detail: string): Problem => ({ code: "origin_forbidden", detail });

/**
 * Who sends a request, or why nobody does that we know. A secret key comes in `Authorization`; a publishable one there or, as
 * `navigator.sendBeacon` sets no headers, as `?key=…`. The address is looked at only where there is no `Authorization`.
 */
export const createSenderOf = (
  apiKeys: readonly ApiKey[],
  publishableKeys: readonly PublishableKey[],
  platform: Platform,
  clock: Pick<Clock, "sleep">,
) => {
  const secretKeyOf = createKeyRing(apiKeys, platform, clock);
  const publishableKeyOf = createKeyRing(publishableKeys, platform, clock);

  const page = (key: PublishableKey, origin: string | null): Sender | Problem => {
    if (origin === null)
      return forbidden("a publishable key is for pages: a server sends events with a key of its own");
    return key.origins.includes(origin)
      ? { name: key.name, isPage: true }
      : forbidden(`the key ${key.name} is for pages of ${key.origins.join(", ")}`);
  };

  return ({ headers, url }: Request): Sender | Problem => {
    const authorization = headers.get("authorization") || null;
    if (authorization !== null) {
      const secret = secretKeyOf(authorization);
      if (secret !== null) return { name: secret.name, isPage: false };
    }
    const inAddress = authorization === null ? keyInAddress(url) : null;
    if (inAddress !== null && !isPublishable(inAddress)) return secretInAddress;
    const sent = inAddress === null ? authorization : `Bearer ${inAddress}`;
    const publishable = publishableKeyOf(sent);
    return publishable === null ? unauthorized(headers, sent) : page(publishable, headers.get("origin"));
  };
};

export type SenderOf = ReturnType<typeof createSenderOf>;
