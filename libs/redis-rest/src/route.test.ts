import { expect, test } from "vitest";
import { routeOf, splitUrl } from "./route.ts";

test.each([
  ["http://127.0.0.1:8079/", ["/", ""]],
  ["http://host/pipeline", ["/pipeline", ""]],
  ["https://host/set/a%2Fb/%3F?EX=100&NX", ["/set/a%2Fb/%3F", "EX=100&NX"]],
  ["http://host/get/a?b?c=/d", ["/get/a", "b?c=/d"]],
])("splitUrl %s", (url, parts) => {
  expect(splitUrl(url)).toEqual(parts);
});

test.each([
  ["/", "command"],
  ["/pipeline", "pipeline"],
  ["/multi-exec", "transaction"],
  ["/livez", "livez"],
  ["/pipelines", "path"],
  ["/set/pipeline/x", "path"],
  ["/pipeline/", undefined],
  ["/multi-exec/a/b", undefined],
])("routeOf %s is %s", (path, kind) => {
  expect(routeOf(path)?.kind).toBe(kind);
});
