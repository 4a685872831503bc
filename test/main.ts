import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";

/*
 * `npm test`: the rules that a machine can check, then every test, one after the other. All run even when one fails, so
 * that one run tells everything. The last line is `N passed, N failed`; each check counts as one test.
 * `npm test -- FILE [-t NAME]`: those tests alone, without the checks, which take longer than most files.
 */
const root = fileURLToPath(new URL("..", import.meta.url));
const reportFile = `${root}.spillway/test-report.json`;

const checks: readonly (readonly [name: string, wayOut: string, ...command: string[]])[] = [
  ["format and lint", "npm run format mends what can be mended by itself", "biome", "check", "."],
  [
    "boundaries of the house",
    "core imports core, an adapter core and the driver, an app no app; what two need goes into a core library, or in " +
      "through a port. A package's own tag is in its turbo.json",
    "turbo",
    "boundaries",
  ],
  ["types", "each line above names a file and a line of it", "turbo", "typecheck", "--output-logs=errors-only"],
  [
    "nothing unused",
    "take it out, or do not export it; what a tool starts by name is an entry in package.json",
    "knip",
  ],
];
const vitest = ["bun", "--bun", "node_modules/.bin/vitest", "run", "--config", "test/vitest.config.ts"];

const run = async (command: readonly string[]): Promise<boolean> => {
  const child = Bun.spawn([...command], {
    cwd: root,
    stdio: ["ignore", "inherit", "inherit"],
    env: {
      ...process.env,
      PATH: `${root}node_modules/.bin:${process.env.PATH}`,
      TURBO_TELEMETRY_DISABLED: "1",
      DO_NOT_TRACK: "1",
    },
  });
  return (await child.exited) === 0;
};

type Report = {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numFailedTestSuites: number;
};

/**
 * A file that could not even be loaded fails a suite and no test: it counts as one failure all the same. So does a runner
 * that wrote no report.
 */
const readReport = (exitedWell: boolean): { passed: number; failed: number } => {
  if (!existsSync(reportFile)) return { passed: 0, failed: 1 };
  const report = JSON.parse(readFileSync(reportFile, "utf8")) as Report;
  const failed = Math.max(report.numFailedTests, exitedWell ? 0 : 1);
  return { passed: report.numPassedTests, failed };
};

const only = process.argv.slice(2);
let passed = 0;
let failed = 0;
for (const [name, wayOut, ...command] of only.length > 0 ? [] : checks) {
  const good = await run(command);
  console.log(good ? `passed: ${name}` : `FAILED: ${name}. ${wayOut}.`);
  if (good) passed++;
  else failed++;
}

mkdirSync(`${root}.spillway`, { recursive: true });
rmSync(reportFile, { force: true });
const exitedWell = await run([
  ...vitest,
  "--reporter=default",
  "--reporter=json",
  `--outputFile=${reportFile}`,
  ...only,
]);
const tests = readReport(exitedWell);
if (tests.passed + tests.failed === 0) {
  console.log("FAILED: no test has that name or stands in that file.");
  tests.failed = 1;
}
console.log(`\n${passed + tests.passed} passed, ${failed + tests.failed} failed`);
process.exit(failed + tests.failed === 0 ? 0 : 1);
