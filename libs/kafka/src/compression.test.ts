import { gunzipSync, zstdDecompressSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { availableCompression, gzipCodec, zstdCodec } from "./compression.ts";

const text = Buffer.from("the same words again and again, ".repeat(1_000));

describe("the codecs for kafkajs", () => {
  test("write what others read, and shorter", async () => {
    const zstd = await zstdCodec.compress({ buffer: text });
    const gzip = await gzipCodec.compress({ buffer: text });
    expect(zstdDecompressSync(zstd).equals(text)).toBe(true);
    expect(gunzipSync(gzip).equals(text)).toBe(true);
    expect(Math.max(zstd.length, gzip.length)).toBeLessThan(text.length / 10);
  });

  test("read what they wrote", async () => {
    expect((await zstdCodec.decompress(await zstdCodec.compress({ buffer: text }))).equals(text)).toBe(true);
    expect((await gzipCodec.decompress(await gzipCodec.compress({ buffer: text }))).equals(text)).toBe(true);
  });
});

test("a compression that the runtime has is taken as it is", () => {
  expect(availableCompression("none")).toBe("none");
  expect(availableCompression("gzip")).toBe("gzip");
  expect(availableCompression("zstd")).toBe("zstd");
});
