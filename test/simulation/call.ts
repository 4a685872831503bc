import type { Backend } from "@spillway/memory";
import type { Fates } from "./fate.ts";
import type { Process } from "./process.ts";
import type { Timeline } from "./timeline.ts";
import type { Trace } from "./trace.ts";

/** One call that a process makes to a port. */
export type Call<T> = {
  readonly backend: Backend;
  /** For the trace: the operation and what it is about. */
  readonly name: string;
  /** The adapter's patience, after which it answers that it does not know. */
  readonly timeoutMs: number;
  /** `heard`: whether the caller will learn the answer. */
  execute(heard: boolean): Promise<T>;
  /** What the adapter answers instead of the backend, or throws. */
  fail(code: string): T;
};

export type Caller = <T>(call: Call<T>) => Promise<T>;

/** Everything between a process and its backends: every call of every port passes here, and meets its fate. */
export const createCaller =
  (process: Process, timeline: Timeline, fates: Fates, trace: Trace): Caller =>
  (call) =>
    new Promise((resolve, reject) => {
      if (!process.alive()) return;
      const fate = fates.draw(call.backend, call.timeoutMs);
      const note = (what: string) => trace.note(`${process.name} ${call.name} ${what}`);
      note(fate.kind);

      const fail = (code: string) => {
        process.deliver(() => {
          note(code);
          try {
            resolve(call.fail(code));
          } catch (error) {
            reject(error);
          }
        });
      };
      const failAfter = (ms: number, code: string) => timeline.after(ms, () => fail(code));

      const executeAfter = (requestMs: number, then: (answer: () => void) => void) => {
        timeline.after(requestMs, () => {
          note("executes");
          call.execute(fate.kind === "answered").then(
            (value) => then(() => resolve(value)),
            (error: unknown) => then(() => reject(error)),
          );
        });
      };

      switch (fate.kind) {
        case "answered": {
          const patience = failAfter(call.timeoutMs, "timeout");
          return executeAfter(fate.requestMs, (answer) => {
            timeline.after(fate.replyMs, () => {
              patience.cancelled = true;
              process.deliver(answer);
            });
          });
        }
        case "refused":
          return void failAfter(fate.replyMs, "refused");
        case "reply-lost":
        case "late":
          executeAfter(fate.requestMs, () => undefined);
          return void failAfter(call.timeoutMs, "timeout");
        case "request-lost":
          return void failAfter(call.timeoutMs, "timeout");
        case "crash-before":
          return process.kill();
        case "crash-after":
          return executeAfter(fate.requestMs, () => process.kill());
      }
    });
