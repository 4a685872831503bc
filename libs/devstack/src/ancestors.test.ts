import { expect, test } from "vitest";
import { runnersAmong } from "./ancestors.ts";

const chain = (...commands: string[]) =>
  commands.map((command, index) => ({ pid: 100 - index, parent: 99 - index, startedAt: "1", command }));
const runners = (...commands: string[]) => runnersAmong(chain(...commands)).map(({ command }) => command);

test("everything up to the outermost runner is watched, what started it is not", () => {
  expect(runners("sh -c bun libs/devstack/src/main.start.ts", "npm start", "-bash", "sshd: someone")).toEqual([
    "sh -c bun libs/devstack/src/main.start.ts",
    "npm start",
  ]);
  expect(
    runners(
      "/repo/node_modules/.bin/bun run dev",
      "/repo/x/turbo run dev",
      "node /repo/node_modules/.bin/turbo dev",
      "zsh",
    ),
  ).toHaveLength(3);
  expect(runners("node /usr/lib/node_modules/npm/bin/npm-cli.js start", "bash .ci/run")).toHaveLength(1);
});

test("without a runner nothing is watched", () => {
  expect(runners("-bash", "sshd: someone")).toEqual([]);
  expect(runners("vim notes-about-npm.md")).toEqual([]);
  expect(runners()).toEqual([]);
});
