import { findExecutable } from "../process/command.ts";
import { provide } from "../provision/debian.ts";
import { REMEDIES } from "../provision/refusal.ts";
import { type Say, silent } from "../provision/say.ts";

/** The path of a Chromium. Throws NotProvided. */
export const provideChromium = (say: Say = silent): Promise<string> =>
  provide(() => findExecutable("chromium", "chromium-browser", "google-chrome", "Chromium"), {
    missing: () => "no chromium, chromium-browser or google-chrome on the PATH",
    debianPackages: ["chromium"],
    remedy: REMEDIES.browser,
    say,
  });
