/// <reference path="./kafkajs-insides.d.ts" />
import kafkajs from "kafkajs";
import manifest from "kafkajs/package.json" with { type: "json" };
import requestQueue from "kafkajs/src/network/requestQueue/index.js";
import { gzipCodec, zstdCodec } from "./compression.ts";
import { keepLeaderlessPartitionsApart } from "./kafkajs-metadata.ts";

/*
 * What every client of kafkajs here needs and kafkajs has no option for. All but the codecs reach into its files, so the version is exact and checked: nobody
 * has released one since 2023-02.
 */
const VERSION = "2.2.4";
const IDLE_CHECK_MS = 10;

export type RequestQueue = {
  throttledUntil: number;
  throttleCheckTimeoutId: ReturnType<typeof setTimeout> | null;
  readonly pending: readonly unknown[];
  checkPendingRequests(): void;
  scheduleCheckPendingRequests(): void;
};

/** The class itself; replacing `require.cache` entries instead breaks `require("kafkajs")` on Bun 1.4.5. */
export const requestQueueClass = requestQueue as { readonly prototype: RequestQueue };

/** Timer for what waits: the end of a throttle, else the next check. Without anything that waits there is no timer. */
function scheduleCheckPendingRequests(this: RequestQueue): void {
  if (this.throttleCheckTimeoutId) return;
  let inMs = this.throttledUntil - Date.now();
  if (this.pending.length > 0) inMs = inMs > 0 ? inMs : IDLE_CHECK_MS;
  else if (inMs <= 0) return;
  this.throttleCheckTimeoutId = setTimeout(() => {
    this.throttleCheckTimeoutId = null;
    this.checkPendingRequests();
  }, inMs);
}

/**
 * Lets it read and write zstd, and stops the timer that every used connection of kafkajs renews each millisecond for as long as it lives: 5 to 7 % of a
 * core while idle (0.5 % without), and a TimeoutNegativeWarning on Bun. Throws when this is not the kafkajs it knows.
 */
export const prepareKafkajs = (): void => {
  if (manifest.version !== VERSION)
    throw new Error(`kafkajs ${manifest.version}: this sink relies on the insides of ${VERSION}`);
  requestQueueClass.prototype.scheduleCheckPendingRequests = scheduleCheckPendingRequests;
  kafkajs.CompressionCodecs[kafkajs.CompressionTypes.ZSTD] = () => zstdCodec;
  kafkajs.CompressionCodecs[kafkajs.CompressionTypes.GZIP] = () => gzipCodec;
  keepLeaderlessPartitionsApart();
};
