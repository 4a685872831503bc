import { writeFileSync } from "node:fs";

/* Preloaded into an app (BUN_OPTIONS): at its end it writes how many modules of OpenTelemetry's SDK it had loaded. Its API is prom-client's, too. */
process.on("exit", () => {
  const loaded = Object.keys(require.cache).filter((path) => /\/@opentelemetry\/(?!api\/)/.test(path));
  writeFileSync(`${process.env.PROBE_FOLDER}/${process.pid}`, String(loaded.length));
});
