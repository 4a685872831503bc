import { createRequire } from "node:module";
import { expect, test } from "vitest";
import { crc32c } from "./crc32c.ts";

const require = createRequire(import.meta.url);
const byKafkajs: (bytes: Buffer) => number = require("kafkajs/src/protocol/recordBatch/crc32C");

test("the checksum of RFC 3720's examples", () => {
  expect(crc32c(Buffer.alloc(32))).toBe(0x8a9136aa);
  expect(crc32c(Buffer.alloc(32, 0xff))).toBe(0x62a8ab43);
  expect(crc32c(Buffer.from(Array.from({ length: 32 }, (_, at) => at)))).toBe(0x46dd794e);
});

test("agrees with kafkajs for every length around its steps of eight, from any place on", () => {
  const bytes = Buffer.from(crypto.getRandomValues(new Uint8Array(80)));
  for (let start = 0; start < 12; start++) {
    for (let end = start; end <= bytes.length; end++) {
      expect(crc32c(bytes.subarray(0, end), start)).toBe(byKafkajs(bytes.subarray(start, end)));
    }
  }
});
