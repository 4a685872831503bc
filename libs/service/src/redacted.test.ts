import { describe, expect, test } from "vitest";
import { redacted } from "./redacted.ts";

const PW = "hunter2";

describe("a secret is found by its form", () => {
  test.each([
    [`redis://default:${PW}@redis.example:6379`, "redis://***@redis.example:6379"],
    [`redis://:${PW}@h`, "redis://***@h"],
    [`redis://${PW}@h`, "redis://***@h"],
    [`rediss://u:${PW}@a:1,rediss://u:${PW}@b:2`, "rediss://***@b:2"],
    [`redis://a:1,redis://u:${PW}@b:2`, "redis://***@b:2"],
    [`redis://u:${PW}@a:1,redis://b:2`, "redis://***@a:1,redis://b:2"],
    [`redis://a:1,redis://default:${PW}`, "redis://a:1,redis://***"],
    [`postgres://u:${PW}@a:5432,b:5432/db?sslmode=require`, "postgres://***@a:5432,b:5432/db?***"],
    [`postgres://u:${PW}@[::1]:5432/db`, "postgres://***@[::1]:5432/db"],
    [`postgres://u@h/db?password=${PW}`, "***"],
    [`postgres://h/db?user=u&pass%77ord=${PW}`, "postgres://h/db?***"],
    [`postgres://u:a/${PW}@h/db`, "postgres://***@h/db"],
    [`postgres://u:a?${PW}@h/db`, "postgres://***@h/db"],
    [`postgres://u:a#${PW}@h/db`, "postgres://***@h/db"],
    [`postgres://u:a@${PW}@h/db`, "postgres://***@h/db"],
    [`postgres://u:a,${PW}@h/db`, "postgres://***@h/db"],
    [`postgres://u:a b ${PW}@h/db`, "postgres://***@h/db"],
    [`postgres://u:a://${PW}@h/db`, "postgres://***@h/db"],
    [`postgres://u:%zz${PW}@h/db`, "postgres://***@h/db"],
    [`postgres://u:a\n${PW}@h/db`, "postgres://***@h/db"],
    [`"redis://u:${PW}@h"`, '"redis://***@***'],
    [`  redis://u:${PW}@h`, "  redis://***@h"],
    [`redis://u:${PW}%40h:6379`, "redis://***@h:6379"],
    [`redis://u:${PW}%2540h:6379`, "redis://***@h:6379"],
    [`redis://u:${PW}\uff20h:6379`, "redis://***@h:6379"],
    [`redis://default:${PW}`, "redis://***"],
    [`redis://default:${PW}:6379`, "redis://***"],
    [`redis://default:1/${PW}:x`, "redis://***"],
    [`redis://default%3A${PW}`, "redis://***"],
    [`redis:/u:${PW}@h`, "***@h"],
    [`u:${PW}@h:6379`, "***@h:6379"],
    [`REDIS://u:${PW}@h`, "REDIS://***@h"],
    [`http://h/?_token=${PW}`, "http://h/?***_token=***"],
    [`https://h/#${PW}`, "https://h/#***"],
    [`host=h user=u password=${PW} dbname=d`, "host=h user=u password=***"],
    [`host=h password = '${PW} x@y'`, "***"],
    [`Bearer ${PW}`, "Bearer ***"],
    [`shop:sha256:${PW}`, "shop:sha256:***"],
    [`UPSTASH_REDIS_REST_TOKEN="${PW}"`, "UPSTASH_REDIS_REST_TOKEN=***"],
  ])("%j is shown as %j", (text, shown) => {
    expect(redacted(text)).toBe(shown);
    expect(redacted(text)).not.toContain(PW);
  });

  test.each([
    "3000",
    "127.0.0.1",
    "shop.prod:eu",
    "http",
    "kafka://a:9092",
    "http://127.0.0.1:8079",
    "https://eu1-x.upstash.io/",
    "redis://a:1,redis://b:2/0",
    "order.=orders,user.=users",
    "/etc/kafka/ca.pem",
    "scram-sha-256",
    "a{b}",
  ])("%j holds none and stays", (text) => {
    expect(redacted(text)).toBe(text);
  });

  test("wherever in a URL the secret stands", () => {
    const places = [
      "redis://SECRET:x@h:1/0",
      "redis://x:SECRET@h:1",
      "redis://h:SECRET",
      "redis://h?x=SECRET",
      "x:SECRET@h",
    ];
    const odd = [
      "/",
      "?",
      "#",
      "@",
      ",",
      " ",
      ":",
      "://",
      "%",
      "%zz",
      "\\",
      "\t",
      "[",
      "]",
      "redis://",
      ",redis://",
      '"',
      "=",
      "&",
    ];
    for (const place of places)
      for (const before of odd)
        for (const after of odd) {
          // `redis://h:x@PW` is a host called PW, whoever reads it.
          if (!place.includes("@") && (before + after).includes("@")) continue;
          const text = place.replace("SECRET", `s3${before}${PW}${after}x`);
          expect(redacted(text), text).not.toContain(PW);
        }
  });
});
