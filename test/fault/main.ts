import { execSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";
import { startClientProducer } from "../client/producer.ts";
import { startProducer } from "../support/producer.ts";
import { startServices } from "../support/world.ts";
import { type Result, runScenario } from "./harness.ts";
import { scenarios } from "./scenarios/index.ts";

/*
 * `npm run faults [ID … | quick]`: every scenario, or those named, or those of quick.test.ts, one after the other on real services. Prints a table, writes
 * .spillway/faults.json, and exits 1 unless all passed. PRODUCER=client posts by libs/client. SEED=n repeats a run's choices; FAULTS_FILE names another file, for runs side by side.
 */
const root = fileURLToPath(new URL("../..", import.meta.url));
const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);
const chosen = process.argv
  .slice(2)
  .flatMap((word) => (word === "quick" ? scenarios.filter((scenario) => scenario.quick).map(({ id }) => id) : word));
const unknown = chosen.filter((id) => !scenarios.some((scenario) => scenario.id === id));
if (unknown.length > 0)
  throw new Error(`no scenario ${unknown.join(", ")}; there are ${scenarios.map((s) => s.id).join(" ")}`);
const selected = chosen.length === 0 ? scenarios : scenarios.filter((scenario) => chosen.includes(scenario.id));

const tableOf = (results: readonly Result[]): string => {
  const head = "| scenario | fault | accepted | relayed | dead | lost | duplicates | recovery s | |";
  const lines = results.map(
    (r) =>
      `| ${r.scenario} | ${r.fault} | ${r.accepted} | ${r.relayed} | ${r.dead} | ${r.lost} | ${r.duplicates} | ${r.recoveryMs < 0 ? "never" : (r.recoveryMs / 1000).toFixed(1)} | ${r.passed ? "passed" : "FAILED"}${r.inversionsInWindow > 0 ? `, ${r.inversionsInWindow} inversions in the window` : ""} |`,
  );
  return [head, "|---|---|---|---|---|---|---|---|---|", ...lines].join("\n");
};

console.log(`faults: ${selected.length} scenarios, SEED=${seed}`);
const start = process.env.PRODUCER === "client" ? startClientProducer : startProducer;
const results: Result[] = [];
/** Those that came to no verdict: a service did not come back in time, as on a machine with too much to do. */
const broken: string[] = [];
let services = await startServices();
try {
  for (const scenario of selected) {
    console.log(`${scenario.id}: ${scenario.fault}`);
    try {
      const result = await runScenario(services, scenario, seed, start);
      results.push(result);
      console.log(`  ${result.passed ? "passed" : `FAILED: ${result.failures.join("; ")}`}`);
    } catch (error) {
      broken.push(scenario.id);
      console.log(`  BROKEN: ${error instanceof Error ? error.message : String(error)}`);
      // What the next ones would share may be gone.
      await services.stop();
      services = await startServices();
    }
  }
} finally {
  await services.stop();
}
mkdirSync(`${root}.spillway`, { recursive: true });
writeFileSync(process.env.FAULTS_FILE ?? `${root}.spillway/faults.json`, `${JSON.stringify(results, null, 2)}\n`);
const commit = execSync("git rev-parse --short HEAD", { cwd: root }).toString().trim();
const failed = results.filter((result) => !result.passed).length;
console.log(`\n${tableOf(results)}\n`);
console.log(
  `${new Date().toISOString()}, commit ${commit}, ${cpus().length} cores ${cpus()[0]?.model ?? ""}, SEED=${seed}`,
);
console.log(`${results.length - failed} passed, ${failed} failed, ${broken.length} broken ${broken.join(" ")}`);
process.exit(failed + broken.length === 0 ? 0 : 1);
