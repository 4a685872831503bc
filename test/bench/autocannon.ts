import autocannon from "autocannon";
import { benchEvent } from "./bench-event.ts";

const [url = "", batchText = "1", secondsText = "5", key = "", connectionsText = "64"] = process.argv.slice(2);
const batch = Number(batchText);
const prefix = crypto.randomUUID().slice(0, 13);
let counter = 0;

const event = () => benchEvent(prefix, ++counter);
const body = () => (batch === 1 ? event() : `[${Array.from({ length: batch }, event).join(",")}]`);

const result = await autocannon({
  url,
  connections: Number(connectionsText),
  duration: Number(secondsText),
  method: "POST",
  headers: { "content-type": "application/json", authorization: `Bearer ${key}` },
  requests: [{ setupRequest: (request) => ({ ...request, body: body() }) }],
});
console.log(
  JSON.stringify({
    requestsPerSecond: result.requests.average,
    p50Ms: result.latency.p50,
    p99Ms: result.latency.p99,
    failed: result.non2xx + result.errors + result.timeouts,
  }),
);
