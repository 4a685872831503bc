import autocannon from "autocannon";

const [url = "", batchText = "1", secondsText = "5", key = ""] = process.argv.slice(2);
const batch = Number(batchText);
const prefix = crypto.randomUUID().slice(0, 13);
const pad = "lorem ipsum dolor ".repeat(5);
let counter = 0;

const event = () => {
  counter++;
  return `{"specversion":"1.0","id":"${prefix}-${counter}","source":"/bench","type":"order.created","subject":"customer-${counter % 1000}","time":"2026-11-21T08:00:00Z","data":{"total":12.50,"currency":"EUR","note":"${pad}"}}`;
};
const body = () => (batch === 1 ? event() : `[${Array.from({ length: batch }, event).join(",")}]`);

const result = await autocannon({
  url,
  connections: 64,
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
