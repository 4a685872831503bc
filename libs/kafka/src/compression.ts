import * as zlib from "node:zlib";

export const compressions = ["none", "gzip", "zstd"] as const;
export type Compression = (typeof compressions)[number];

const hasZstd = typeof zlib.zstdCompressSync === "function";

export const defaultCompression: Compression = "zstd";

/** What the runtime can do: node:zlib has zstd from Node 22.15 on and in Bun; elsewhere zstd becomes gzip. */
export const availableCompression = (wanted: Compression): Compression =>
  wanted === "zstd" && !hasZstd ? "gzip" : wanted;

/** For kafkajs, which has gzip only. Its argument is one of its Encoders. */
export const zstdCodec = {
  compress: async (encoder: { readonly buffer: Buffer }): Promise<Buffer> => zlib.zstdCompressSync(encoder.buffer),
  decompress: async (bytes: Buffer): Promise<Buffer> => zlib.zstdDecompressSync(bytes),
};
