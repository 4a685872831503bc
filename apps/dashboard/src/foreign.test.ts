import { expect, test } from "vitest";
import { isForeign } from "./foreign.ts";

test.each([
  [{}, false],
  [{ origin: "http://spillway.example" }, false],
  [{ origin: "https://spillway.example" }, false],
  [{ origin: "http://spillway.example:8789" }, true],
  [{ origin: "http://evil.example" }, true],
  [{ origin: "http://spillway.example.evil.example" }, true],
  [{ origin: "null" }, true],
  [{ origin: "" }, true],
  [{ origin: "http://spillway.example, http://evil.example" }, true],
  [{ origin: "https://public.example", "x-forwarded-host": "public.example" }, false],
  [{ origin: "https://evil.example", "x-forwarded-host": "public.example" }, true],
  [{ "sec-fetch-site": "same-origin", origin: "https://behind-a-proxy.example" }, false],
  [{ "sec-fetch-site": "none" }, false],
  [{ "sec-fetch-site": "cross-site" }, true],
  [{ "sec-fetch-site": "same-site", origin: "http://spillway.example" }, true],
])("a request with %j is foreign: %j", (headers, foreign) => {
  expect(isForeign(new Headers({ host: "spillway.example", ...headers }))).toBe(foreign);
});
