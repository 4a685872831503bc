import { existsSync, readFileSync } from "node:fs";
import { basename, dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { Glob } from "bun";
import { describe, expect, test } from "vitest";

/* The rules of the house that no linter knows. Each names the files that break it, and what to do instead. */
const root = fileURLToPath(new URL("..", import.meta.url));
const sources = [...new Glob("{apps,libs,drizzle,test}/**/*.{ts,tsx}").scanSync({ cwd: root })].filter(
  (file) => !file.includes("node_modules/"),
);
const linesOf = (file: string) => readFileSync(`${root}${file}`, "utf8").split("\n");
const filesWith = (pattern: RegExp, files: readonly string[]) =>
  files.filter((file) => linesOf(file).some((line) => pattern.test(line)));
const isTest = (file: string) => file.startsWith("test/") || /\.test\.tsx?$/.test(file);
const production = sources.filter((file) => !isTest(file));
const apps = production.filter((file) => file.startsWith("apps/"));
const glossary = "libs/event/README.md";

/** Words that meant two things, or were ours alone, and the one to use; libs/event/README.md says what that means. */
const words: readonly (readonly [old: RegExp, use: string])[] = [
  [/fence(?!s\b|d)/i, "divert, diversion; only an old owner is fenced"],
  [/\bstale\b/i, "fenced, of an old owner; else say what is old"],
  [/\bgather/i, "linger"],
  [/\bpace\b|\bcreatePace\b/i, "batch size"],
  [/\b(class|new) Line\b/, "shard queue"],
  [/\bbells?\b|\bcreateBell\b/i, "notifier"],
  [/[:|] Turns\b|\bcreateTurns\b|\bturns\.(own|next)\(/, "fair yield"],
  [/waiting[- ]?room/i, "admission"],
  [/\bentry\.name\b|ENTRY_NAME/, "entry.ref"],
  [/hand-?over|Handover|HANDOVER/, "reopening of a shard, takeover of a lease; only records are handed over"],
  [/\bholders?\b/i, "owner"],
  [/\bseen[ _-]?(ids?|sets?|window)|:seen:/i, "dedup keys, dedup sets, dedup window"],
  [/(signal|sigterm|sigint) drains|SHUTDOWN_DELAY/i, "stops, stopping; only the outbox is drained"],
  [/events_rejected|RejectedEvent|onRejected/, "invalid; only Kafka rejects"],
];
/** Files and folders where a word is somebody else's. One that holds none any more has to go. */
const foreign: Readonly<Record<string, RegExp>> = {
  "libs/stream/src/errors.test.ts": /replica-serve-stale-data/,
};
const foreignOf = (file: string) => Object.keys(foreign).find((place) => file.startsWith(place)) ?? null;

describe("the house", () => {
  test("no file is longer than 400 lines", () => {
    // Made from files of their own.
    const made = "libs/stream/src/scripts.ts";
    const long = sources.filter((file) => file !== made && linesOf(file).length > 400);
    expect(long, "split it by ideas: a file of its own for each").toEqual([]);
  });

  test("no file or folder is named for leftovers", () => {
    const leftovers = /^(utils?|common|helpers?|misc|shared|types)$/;
    const bad = sources.filter((file) =>
      [...dirname(file).split("/"), basename(file).replace(/\..*$/, "")].some((part) => leftovers.test(part)),
    );
    expect(bad, "name it for the noun of the domain that it holds, or put it where it is used").toEqual([]);
  });

  test("only config.ts and composition roots touch the environment", () => {
    const readers = production.filter((file) => !/\/(config|main\.[a-z-]+|main)\.ts$/.test(file));
    const wayOut = "read it in the app's config.ts, and pass the value on";
    expect(filesWith(/process\.env|Deno\.env/, readers), wayOut).toEqual([]);
  });

  test("only an app's main, compose.ts and process.ts name concrete adapters", () => {
    const policy = apps.filter((file) => !/\/(main\.[a-z-]+|compose|process)\.ts$/.test(file));
    const adapters = /from "@spillway\/(stream|outbox|dead-letters|kafka|postgres)(\/tier)?"/;
    const wayOut = "take the port's type from @spillway/event, and the adapter as an argument from main";
    expect(
      filesWith(adapters, policy).filter((file) => !file.startsWith("apps/dashboard/")),
      wayOut,
    ).toEqual([]);
  });

  test("what apps have around their work is in libs/service once", () => {
    const shell = /Bun\.serve\(|process\.(on|once|exit|stdout|stderr)\b|timingSafeEqual|class ConfigError/;
    const others = production.filter((file) => !file.startsWith("libs/service/"));
    const wayOut = "openShell of @spillway/service/bun, /node and /deno has it; see libs/service/README.md";
    expect(filesWith(shell, others).toSorted(), wayOut).toEqual([
      "libs/devstack/src/exit.ts",
      "libs/devstack/src/interrupt.ts",
      "libs/redis-rest/src/main.ts",
    ]);
  });

  test("the edge and the relay take time and chance from their ports", () => {
    const policy = apps.filter((file) => /^apps\/(edge|relay)\//.test(file) && !/\/main\.[a-z-]+\.ts$/.test(file));
    const own = /Date\.now\(|performance\.now\(|setTimeout\(|setInterval\(|Math\.random\(/;
    const wayOut = "ports have a clock (wallMs, monotonicMs, sleep) and random: the simulation cannot turn any other";
    expect(filesWith(own, policy), wayOut).toEqual([]);
  });

  test("a timer is the clock's, and a deadline is `within`", () => {
    const others = production.filter((file) => !/^libs\/(backends|devstack|event)\//.test(file));
    // In a package that has no other of ours; in place of a timer inside of kafkajs; a wait that must leave its queue before anything else runs; and a log line for which no process lives.
    const own = [
      "libs/client/src/clock.ts",
      "libs/kafka/src/kafkajs-internals.ts",
      "libs/kafka/src/timers.ts",
      "libs/postgres/src/permits.ts",
      "libs/telemetry/src/log.ts",
    ];
    const wayOut = "clock.sleep(ms, signal), and within(clock, ms, work), both of @spillway/event";
    expect(filesWith(/setTimeout\(|Promise\.race\(\[.*(sleep|timeout)/i, others).sort(), wayOut).toEqual(own);
    expect(filesWith(/new Promise.*setTimeout\(resolve/, sources), wayOut).toEqual([]);
  });

  test("queries are SQL: drizzle-orm has the schema, and the transactions of applications", () => {
    const wayOut = "write it as a named function with its SQL and its lock: libs/postgres/README.md, A query";
    expect(filesWith(/from "drizzle-orm/, production).sort(), wayOut).toEqual([
      "drizzle/src/dashboard-tables.ts",
      "drizzle/src/moment.ts",
      "drizzle/src/schema.ts",
      "libs/outbox/src/enqueue.ts",
    ]);
  });

  test("no catch is empty, no test is skipped or alone, nothing is left to do", () => {
    const files = sources.filter((file) => file !== "test/tidy.test.ts");
    const caught = "handle it, or say in a comment inside why nothing is to be done";
    expect(filesWith(/catch\s*(\([^)]*\))?\s*\{\s*\}/, files), caught).toEqual([]);
    const alone = "let it run; `npm test -- FILE -t NAME` runs it alone";
    expect(filesWith(/\b(test|it|describe)\.(skip|only|todo)\b/, files), alone).toEqual([]);
    expect(filesWith(/\b(TODO|FIXME|XXX)\b/, files), "do it now, or write an issue").toEqual([]);
  });

  test("an old word is not used for a new one", () => {
    const texts = [
      ...new Glob("{apps,libs,drizzle,test}/**/*.{ts,tsx,lua,sql,md}").scanSync({ cwd: root }),
      "README.md",
    ];
    const found: string[] = [];
    const needed = new Set<string>();
    for (const file of texts) {
      if (file.includes("node_modules/") || file === "test/tidy.test.ts") continue;
      const place = foreignOf(file);
      for (const line of [file, ...linesOf(file)])
        for (const [old, use] of words) {
          const [word] = old.exec(line) ?? [];
          if (word === undefined) continue;
          if (place !== null && foreign[place]?.test(line)) needed.add(place);
          else found.push(`${file} says "${word}": use ${use}`);
        }
    }
    expect(found).toEqual([]);
    const unneeded = Object.keys(foreign).filter((place) => !needed.has(place));
    expect(unneeded, "nothing there needs its exception any more: take it out of `foreign`").toEqual([]);
  });

  test("a file that a comment or a README names is there", () => {
    const files = [...new Glob("{apps,libs,drizzle,test,.github}/**/*.*").scanSync({ cwd: root, dot: true })];
    const own = [...files, "README.md"].filter((file) => !file.includes("node_modules/"));
    // Known by the whole path and by each end of it.
    const known = new Set(own.flatMap((file) => file.split("/").map((_, at, parts) => parts.slice(at).join("/"))));
    const gone = own
      .filter((file) => /\.(tsx?|lua|sql|md)$/.test(file))
      .flatMap((file) =>
        linesOf(file)
          .filter((line) => file.endsWith(".md") || /^\s*(\*|\/\*|\/\/|--)|\s\/\/ /.test(line))
          .flatMap((line) => [
            ...line.matchAll(/(?<![\w/.@*$-])(?:\.{1,2}\/|\$SPILLWAY\/)*([\w./-]*\w\.(?:tsx?|lua|sql|md))\b/g),
          ])
          .flatMap(([, name = ""]) => (known.has(name) ? [] : [`${file} names ${name}`])),
      );
    expect(gone, "name the file as it is called now, from the root or by an end of its path").toEqual([]);
  });

  test("no comment has a date: numbers stand in it, when and where they were measured in the Decisions of the part's README", () => {
    const commented = new Glob("{apps,libs,drizzle,test}/**/*.{ts,tsx,lua,sql}");
    const files = [...commented.scanSync({ cwd: root })].filter((file) => !file.includes("node_modules/"));
    expect(filesWith(/^\s*(\/\/|\/?\*|--).*\b20\d\d-\d\d-\d\d(?!T)/, files)).toEqual([]);
  });

  test("each decision of a README is named by its id in a comment of the part", () => {
    const readmes = [...new Glob("{apps,libs}/*/README.md").scanSync({ cwd: root })];
    const decisions = readmes.flatMap((readme) => {
      const lines = linesOf(readme);
      const ids = lines.slice(lines.indexOf("## Decisions")).map((line) => /^\| ([A-Z]\d+) +\|/.exec(line)?.[1]);
      return lines.includes("## Decisions") ? ids.flatMap((id) => (id ? [{ part: dirname(readme), id }] : [])) : [];
    });
    expect(decisions.length).toBeGreaterThan(8);
    const names = ({ part, id }: { part: string; id: string }) =>
      filesWith(
        new RegExp(`\\b${id}\\b`),
        sources.filter((file) => file.startsWith(`${part}/`)),
      ).length > 0;
    const wayOut = "name the id in the comment of what was decided, or take the row out";
    expect(
      decisions.filter((decision) => !names(decision)),
      wayOut,
    ).toEqual([]);
  });

  test("each word of the glossary lives in files that exist", () => {
    const lines = linesOf(glossary);
    const places = lines
      .slice(0, lines.indexOf("## Invariants"))
      .flatMap((line) => /^(\|[^|]*){2}\|([^|"]*)\|$/.exec(line)?.[2]?.match(/[\w./-]+/g) ?? []);
    const files = places.filter((place) => /\w[./]\w/.test(place));
    expect(files.length).toBeGreaterThan(20);
    const paths = files.map((file) => (file.includes("/") ? file : `libs/event/src/${file}`));
    expect(paths.filter((path) => !existsSync(`${root}${path}`))).toEqual([]);
  });

  test("each invariant of the glossary names a test that exists", () => {
    const rows = linesOf(glossary).map((line) => /\| `([^`]+)` *\| "([^"]+)" *\|/.exec(line));
    const tests = rows.flatMap((row) => (row === null ? [] : [{ file: row[1] ?? "", name: row[2] ?? "" }]));
    expect(tests.length).toBeGreaterThan(4);
    expect(tests.filter(({ file, name }) => !readFileSync(`${root}${file}`, "utf8").includes(name))).toEqual([]);
  });

  test("a function is a const arrow, unless it has a `this`", () => {
    expect(filesWith(/^\s*(export )?(default )?(async )?function\s+\w(?!.*\(this\b)/, sources)).toEqual([]);
  });

  test("what a unit test loads is in Node 20, where an editor's test button lands", () => {
    const newer =
      /\b(Promise\.(withResolvers|try)|(Map|Object)\.groupBy|Array\.fromAsync|RegExp\.escape)\b|\.(toHex|setFromHex|setFromBase64)\(/;
    expect(
      filesWith(
        newer,
        sources.filter((file) => !file.startsWith("test/")),
      ),
    ).toEqual([]);
  });

  // Bun reads the jsx options of the folder that it is started in, not those of the file's own project.
  test("every tsx says by itself what its JSX becomes", () => {
    const pages = sources.filter((file) => file.endsWith(".tsx"));
    const pragma = "/** @jsxRuntime automatic @jsxImportSource hono/jsx */";
    expect(pages.filter((file) => linesOf(file)[0] !== pragma)).toEqual([]);
  });

  test("nothing binds to every interface", () => {
    const files = sources.filter((file) => file !== "test/tidy.test.ts");
    expect(filesWith(/["'`](0\.0\.0\.0|::)["'`]/, files)).toEqual([]);
  });

  test("the lock file names no registry", () => {
    expect(readFileSync(`${root}bun.lock`, "utf8")).not.toMatch(/https?:\/\//);
  });
});
