import { AsyncLocalStorage } from "node:async_hooks";
import { type Context, context, propagation, ROOT_CONTEXT, trace } from "@opentelemetry/api";
import { W3CTraceContextPropagator } from "@opentelemetry/core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { completeEvent } from "./event.ts";

/* What the README tells to write, with OpenTelemetry's own API: the client itself knows nothing of it. */
const storage = new AsyncLocalStorage<Context>();
beforeAll(() => {
  context.setGlobalContextManager({
    active: () => storage.getStore() ?? ROOT_CONTEXT,
    with: (active, call, self, ...args) => storage.run(active, () => call.apply(self, args)),
    bind: (_, target) => target,
    enable() {
      return this;
    },
    disable() {
      return this;
    },
  });
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
});
afterAll(() => {
  context.disable();
  propagation.disable();
});

const traceContext = () => {
  const carrier = {};
  propagation.inject(context.active(), carrier);
  return carrier;
};
const send = () => {
  const { text } = completeEvent({ type: "t" }, { source: undefined, traceContext, wallMs: () => 0 });
  return JSON.parse(text) as { readonly traceparent?: string };
};

test("an event belongs to the span in which it was sent, and to none where there is none", () => {
  const spanContext = { traceId: "4bf92f3577b34da6a3ce929d0e0e4736", spanId: "00f067aa0ba902b7", traceFlags: 1 };
  const within = trace.setSpanContext(ROOT_CONTEXT, spanContext);
  expect(context.with(within, send).traceparent).toBe("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
  expect(send()).not.toHaveProperty("traceparent");
});
