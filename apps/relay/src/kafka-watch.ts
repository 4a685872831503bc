import type { Clock, Sink } from "@spillway/event";
import type { Log } from "@spillway/telemetry";

const EVERY_MS = 10_000;

/** Says in the log that Kafka does not answer, or lets nobody in, and why: before the first event has to wait for it. Ends when the signal aborts. */
export const watchKafka = async (
  sink: Pick<Sink, "health">,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
  signal: AbortSignal,
): Promise<void> => {
  let said: string | null = null;
  while (!signal.aborted) {
    const { status, code = "unknown" } = await sink.health();
    if (signal.aborted) return;
    const found = status === "up" ? null : code;
    if (found !== null && found !== said) log("warn", "dependency.down", { dependency: "kafka", code: found });
    if (found === null && said !== null) log("info", "dependency.up", { dependency: "kafka", code: null });
    said = found;
    await clock.sleep(EVERY_MS, signal);
  }
};
