import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { keyLockingSource } from "./src/script-texts.ts";

/*
 * Writes src/scripts.ts from src/scripts/*.lua. The strings are checked in because the edge runs where there are no
 * files (Workers) and because Bun and Vite do not import a text file in the same way; a test keeps them fresh.
 */
const folder = fileURLToPath(new URL("./src/scripts/", import.meta.url));
const target = fileURLToPath(new URL("./src/scripts.ts", import.meta.url));

export const generatedScripts = (): string => {
  const scripts = readdirSync(folder)
    .filter((file) => file.endsWith(".lua"))
    .sort()
    .map((file) => {
      // Without the lines that are comments, which nobody reads in Redis.
      const source = readFileSync(folder + file, "utf8").replace(/^ *--.*\n/gm, "");
      if (/[`\\]|\$\{/.test(source)) throw new Error(`${file} holds a character that a template would change`);
      const shaOf = (text: string): string => createHash("sha1").update(text).digest("hex");
      const name = file.slice(0, -".lua".length);
      return `\nexport const ${name}Script: Script = {\n  sha: "${shaOf(source)}",\n  keyLockingSha: "${shaOf(keyLockingSource(source))}",\n  source: \`${source}\`,\n};\n`;
    });
  const head = [
    "// Generated from scripts/*.lua by `bun run generate`: edit those.",
    "",
    "export type Script = {",
    "  /** SHA-1 of the source, the name that EVALSHA calls it by. */",
    "  readonly sha: string;",
    "  /** The same of what `keyLockingSource` makes of it. */",
    "  readonly keyLockingSha: string;",
    "  readonly source: string;",
    "};",
    "",
  ].join("\n");
  return head + scripts.join("");
};

if (import.meta.main) writeFileSync(target, generatedScripts());
