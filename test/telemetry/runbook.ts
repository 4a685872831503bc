import { readdirSync, readFileSync } from "node:fs";
import { runCommand } from "@spillway/backends";
import { hastenedExpression, telemetryFolder } from "./rules.ts";
import type { Stack } from "./stack.ts";

/*
 * The pages as an operator follows them. A `promql` block is a question to Prometheus, which has an answer when it is so. A line of an `sh`
 * block is a command; behind `# well:` stands what it prints when all is well.
 */
const folder = `${telemetryFolder}/runbook`;

export const pageNames: readonly string[] = readdirSync(folder)
  .map((file) => file.replace(/\.md$/, ""))
  .toSorted();
const readPage = (name: string): string => readFileSync(`${folder}/${name}.md`, "utf8");

type Command = { readonly line: string; readonly well: string };

type Page = {
  /** Have an answer while it lasts, and none when all is well. */
  readonly looksLike: readonly string[];
  /** Have an answer when it is over. */
  readonly over: readonly string[];
  /** Of what to do. */
  readonly questions: readonly string[];
  readonly commands: readonly Command[];
};

const sectionOf = (page: string, title: string): string =>
  page.split(/^## /m).find((part) => part.startsWith(title)) ?? "";

const blocksOf = (section: string, language: string): readonly string[] =>
  [...section.matchAll(/^ *```(\w+)\n(.*?)^ *```$/gms)].flatMap(([, name, text = ""]) =>
    name === language ? [text.replace(/^ +/gm, "").trim()] : [],
  );

const parsePage = (text: string): Page => {
  const toDo = sectionOf(text, "What to do");
  return {
    looksLike: blocksOf(sectionOf(text, "What it looks like"), "promql"),
    over: blocksOf(sectionOf(text, "How to see that it is over"), "promql"),
    questions: blocksOf(toDo, "promql"),
    commands: blocksOf(toDo, "sh")
      .flatMap((block) => block.split("\n"))
      .map((line) => ({ line, well: /# well: (.*)$/.exec(line)?.[1] ?? "" })),
  };
};

export const pageOf = (name: string): Page => parsePage(readPage(name));

/** Whether Prometheus has an answer to the question now; its durations are compressed like those of the rules. */
const isSo = async ({ observers }: Stack, question: string): Promise<boolean> =>
  (await observers.query(hastenedExpression(question))).length > 0;

/** Which of them are so. */
export const areSo = async (stack: Stack, questions: readonly string[]): Promise<readonly string[]> => {
  const answers = await Promise.all(
    questions.map(async (question) => ((await isSo(stack, question)) ? [question] : [])),
  );
  return answers.flat();
};

/** Runs the commands of this page in a shell that knows where everything is. Throws when one does not say that all is well. */
export const followCommands = async ({ services, pipeline, dashboard }: Stack, name: string): Promise<void> => {
  const env = {
    EDGE_URL: pipeline.edges[0]?.url ?? "",
    RELAY_URL: pipeline.relays[0]?.url ?? "",
    DASHBOARD_URL: dashboard.url,
    REDIS_URL: services.redis.url,
  };
  for (const { line, well } of pageOf(name).commands) {
    const { code, output } = await runCommand("/bin/sh", ["-c", line], { env });
    if (code !== 0 || !output.includes(well)) throw new Error(`${line} ended with ${code} and said: ${output}`);
  }
};
