import * as zlib from "node:zlib";

export const compressions = ["none", "gzip", "zstd"] as const;

/** `zstd` falls back to gzip on a runtime whose node:zlib lacks it (Node below 22.15). */
export type Compression = (typeof compressions)[number];

export const zstdAvailable = typeof zlib.zstdCompressSync === "function";
