import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { callScript } from "./script-calls.ts";
import { createScriptTexts, keyLockingSource, UNKNOWN_FLAG } from "./script-texts.ts";
import { appendScript, inspectScript, settleScript } from "./scripts.ts";
import type { Command, Reply, Transport } from "./transport.ts";

const shaOf = (text: string): string => createHash("sha1").update(text).digest("hex");

/** Answers what the function says of each command, and keeps what was sent. */
const serverOf = (isHosted: boolean, answer: (command: Command) => string | null) => {
  const sent: string[] = [];
  const transport: Transport = {
    scriptTexts: createScriptTexts(isHosted),
    send: async (commands) =>
      commands.map((command): Reply => {
        sent.push(`${command[0]} ${String(command[1]).split("\n")[0]?.slice(0, 40)}`);
        const code = answer(command);
        return code === null ? { kind: "result", result: "done" } : { kind: "error", code };
      }),
  };
  const call = () => callScript(transport, settleScript, [{ keys: ["k"], values: [] }], () => 1_000);
  return { sent, call };
};

/** As Redis 7: it knows no script, and no such flag. */
const plainRedis = ([name, text]: Command): string | null => {
  if (name === "evalsha") return "no_script";
  return String(text).includes("allow-key-locking") ? UNKNOWN_FLAG : null;
};

describe("the text of a script", () => {
  test("says that its keys are enough, and whether it writes; nothing else of it changes", () => {
    for (const script of [appendScript, settleScript, inspectScript]) {
      const text = keyLockingSource(script.source);
      expect(shaOf(text)).toBe(script.keyLockingSha);
      expect(text.split("\n").slice(1).join("\n")).toBe(script.source.replace(/^#!lua[^\n]*\n/, ""));
    }
    expect(keyLockingSource(appendScript.source)).toMatch(/^#!lua flags=allow-key-locking\n/);
    expect(keyLockingSource(settleScript.source)).toMatch(/^#!lua flags=allow-key-locking\n/);
    expect(keyLockingSource(inspectScript.source)).toMatch(/^#!lua flags=no-writes,allow-key-locking\n/);
  });
});

describe("a server that is asked", () => {
  test("and takes it is given it ever after", async () => {
    const { sent, call } = serverOf(true, () => null);
    await call();
    expect(await call()).toEqual([{ kind: "result", result: "done" }]);
    expect(sent).toEqual(Array.from({ length: 2 }, () => `evalsha ${settleScript.keyLockingSha}`));
  });

  test("and refuses it is given the plain text at once, and only that from then on", async () => {
    const { sent, call } = serverOf(true, plainRedis);
    expect(await call()).toEqual([{ kind: "result", result: "done" }]);
    await call();
    const plain = [`evalsha ${settleScript.sha}`, "eval #!lua flags=allow-oom"];
    expect(sent).toEqual([
      `evalsha ${settleScript.keyLockingSha}`,
      "eval #!lua flags=allow-key-locking",
      ...plain,
      ...plain,
    ]);
  });
});

test("a Redis of one's own is not asked", async () => {
  const { sent, call } = serverOf(false, plainRedis);
  await call();
  expect(sent).toEqual([`evalsha ${settleScript.sha}`, "eval #!lua flags=allow-oom"]);
});
