import * as zlib from "node:zlib";
import { describe, expect, test } from "vitest";
import { availableCompression, gzipCodec, zstdCodec } from "./compression.ts";

const text = Buffer.from("the same words again and again, ".repeat(1_000));

/** Node has it from 22.15 on. */
const hasZstd = "zstdCompressSync" in zlib;
const codecs = [
  { name: "gzip", codec: gzipCodec, decompress: zlib.gunzipSync },
  ...(hasZstd ? [{ name: "zstd", codec: zstdCodec, decompress: zlib.zstdDecompressSync }] : []),
];

describe.each(codecs)("the $name codec for kafkajs", ({ codec, decompress }) => {
  test("writes what others read, and shorter", async () => {
    const short = await codec.compress({ buffer: text });
    expect(decompress(short).equals(text)).toBe(true);
    expect(short.length).toBeLessThan(text.length / 10);
  });

  test("reads what it wrote", async () => {
    expect((await codec.decompress(await codec.compress({ buffer: text }))).equals(text)).toBe(true);
  });
});

test("a compression that the runtime has is taken as it is, and zstd becomes gzip where there is none", () => {
  expect(availableCompression("none")).toBe("none");
  expect(availableCompression("gzip")).toBe("gzip");
  expect(availableCompression("zstd")).toBe(hasZstd ? "zstd" : "gzip");
});
