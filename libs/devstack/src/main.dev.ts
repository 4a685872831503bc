import { renderBlock } from "./block.ts";
import { runAndExit } from "./run.ts";

/* The task of `turbo dev`. */
runAndExit({
  showsLogs: true,
  watchesSources: (config) => config.watchesSources,
  onReady: (settings, devEnvFile) =>
    console.log(renderBlock(settings, devEnvFile, "Spillway runs. Ctrl-C ends all of it.")),
});
