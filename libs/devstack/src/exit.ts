import { NotProvided, NotReady, TooLate } from "@spillway/backends";
import { ConfigError } from "@spillway/service";
import { guardOutput } from "@spillway/service/bun";
import { SamplesRefused } from "./sample.ts";

/** Does it as the whole work of this process, which ends with what it returns, or says why it could not. */
export const exitAfter = (work: () => Promise<number>): void => {
  guardOutput();
  work().then(
    (code) => process.exit(code),
    (error) => {
      // What a person can act on is said plainly; anything else with its stack.
      const isPlain = [NotProvided, ConfigError, NotReady, TooLate, SamplesRefused].some(
        (kind) => error instanceof kind,
      );
      console.error(isPlain ? `\n${error.message}\n` : error);
      process.exit(1);
    },
  );
};
