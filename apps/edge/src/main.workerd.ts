import { DurableObject, type ObjectState } from "cloudflare:workers";
import { systemClock as clock } from "@spillway/event";
import { platform } from "@spillway/event/platform-node";
import { isUpstash } from "@spillway/service";
import { createRestTransport } from "@spillway/stream/tier";
import { noMetrics } from "@spillway/telemetry";
import { createLineLog } from "@spillway/telemetry/line-log";
import { type ComposedEdge, compose } from "./compose.ts";
import { edgeOptionsOf } from "./settings.ts";
import { type Bindings, readBindings } from "./worker/bindings.ts";
import { createFront, type Front } from "./worker/front.ts";

const log = createLineLog("edge", "info", (line) => console.log(line.trimEnd()));

/**
 * The edge, in one I/O context for all of its requests (E10). What is in hand when an object is evicted fails, and its clients send
 * it again with the same ids.
 */
export class Edge extends DurableObject {
  readonly #edge: ComposedEdge;

  constructor(state: ObjectState, bindings: Bindings) {
    super(state, bindings);
    const { config } = readBindings(bindings, platform, log);
    const url = config.UPSTASH_REDIS_REST_URL ?? "";
    const redis = createRestTransport({
      url,
      isHosted: isUpstash(url),
      token: config.UPSTASH_REDIS_REST_TOKEN ?? "",
    });
    const nextTurn = (then: () => void) => void clock.sleep(0).then(then);
    this.#edge = compose(config, { redis, clock, platform, log, metrics: noMetrics, nextTurn });
    void state.blockConcurrencyWhile(() => this.#edge.start(new AbortController().signal));
  }

  fetch(request: Request): Response | Promise<Response> {
    return this.#edge.app.fetch(request);
  }
}

/** Made with the first request: before it a Worker has no settings. */
let front: Front | null = null;

const frontOf = (bindings: Bindings): Front => {
  const { config, objects } = readBindings(bindings, platform, log);
  return createFront({ ...edgeOptionsOf(config), objects }, { platform, random: Math.random });
};

export default {
  fetch(request: Request, bindings: Bindings): Response | Promise<Response> {
    front ??= frontOf(bindings);
    const passed = front(request);
    return passed.kind === "refused"
      ? passed.response
      : bindings.EDGE.getByName(`edge-${passed.object}`).fetch(request);
  },
};
