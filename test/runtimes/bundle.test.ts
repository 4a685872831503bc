import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { buildWorker } from "./worker.ts";

/* Cloudflare takes 3 MB; what is larger starts later in each of its places. */
const GZIP_BYTES_MAX = 130_000;

test("the Worker's bundle is small, and asks for nothing but what Workers have", () => {
  const worker = buildWorker();
  const bundle = readFileSync(worker.bundle, "utf8");
  worker.remove();
  expect(gzipSync(bundle, { level: 9 }).length).toBeLessThan(GZIP_BYTES_MAX);
  const imported = [...bundle.matchAll(/(?:from|import|import\()\s*"(\w+:[\w/]+)"/g)].map(([, name]) => name);
  expect([...new Set(imported)].toSorted()).toEqual([
    "cloudflare:sockets",
    "cloudflare:workers",
    "node:buffer",
    "node:crypto",
    "node:events",
    "node:stream",
    "node:zlib",
  ]);
  expect(bundle).not.toMatch(/\bfrom\s*"(?!cloudflare:|node:)[\w@./-]+"/);
});
