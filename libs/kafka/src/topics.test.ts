import { describe, expect, test } from "vitest";
import { topicFor, topicRoutes } from "./topics.ts";

describe("topicFor", () => {
  const routes = topicRoutes("events", [
    { prefix: "com.shop.", topic: "shop" },
    { prefix: "com.shop.order.", topic: "orders" },
    { prefix: "com.", topic: "com" },
  ]);

  test.each([
    ["com.shop.order.created", "orders"],
    ["com.shop.cart", "shop"],
    ["com.other", "com"],
    ["org.else", "events"],
    ["", "events"],
  ])("sends %s to %s: the longest prefix wins, wherever it stands in the list", (type, topic) => {
    expect(topicFor(routes, type)).toBe(topic);
  });
});
