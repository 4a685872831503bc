import { hash } from "node:crypto";
import { deflateRawSync, inflateRawSync } from "node:zlib";
import { DIGEST96_LENGTH, type Platform } from "./platform.ts";

/**
 * `node:crypto` and `node:zlib` exist in Bun, Deno, Node and Workers (nodejs_compat) alike.
 * Deflate level 1 (V1), since 100 events of 320 B take 20 µs for a ratio of 0.17, and level 6 takes 111 µs for 0.12.
 */
export const platform: Platform = {
  sha256: (bytes) => hash("sha256", bytes, "buffer"),
  digest96: (text) => hash("sha256", text, "base64url").slice(0, DIGEST96_LENGTH),
  deflate: (bytes) => deflateRawSync(bytes, { level: 1 }),
  inflate: (bytes, bytesMax) => inflateRawSync(bytes, { maxOutputLength: bytesMax }),
};
