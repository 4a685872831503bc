import { copyFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { $ } from "bun";
import own from "./package.json" with { type: "json" };

/*
 * Writes the package that others install into dist/, for `npm pack ./dist`: a JavaScript module for each entry, with the declarations
 * beside it. Our own exports are the sources, so it has a package.json of its own.
 */
const folder = fileURLToPath(new URL(".", import.meta.url));
const dist = `${folder}dist/`;

const bundle = async (target: "browser" | "node", ...entries: readonly string[]): Promise<void> => {
  const entrypoints = entries.map((entry) => `${folder}src/${entry}.ts`);
  await Bun.build({ entrypoints, outdir: dist, target, format: "esm" });
};

/** tsc leaves the sources' names in declarations. */
const nameModules = (file: string): void =>
  writeFileSync(file, readFileSync(file, "utf8").replace(/(from ")(\.\/[\w-]+)\.ts"/g, '$1$2.js"'));

const { name, version, description, type, exports, bin } = own;
const entryOf = (source: string) => source.replace("./src/", "./").replace(/\.ts$/, "");
const published = Object.entries(exports).map(([path, source]) => [
  path,
  { types: `${entryOf(source)}.d.ts`, default: `${entryOf(source)}.js` },
]);

rmSync(dist, { recursive: true, force: true });
await $`tsc -p tsconfig.build.json`.cwd(folder);
for (const file of readdirSync(dist)) nameModules(dist + file);
await bundle("browser", "index", "indexed-db-store", "schema-types");
await bundle("node", "file-store", "main.types");
const programs = Object.entries(bin).map(([program, source]) => [program, `${entryOf(source)}.js`]);
const manifest = {
  name,
  version,
  description,
  type,
  sideEffects: false,
  exports: Object.fromEntries(published),
  bin: Object.fromEntries(programs),
};
writeFileSync(`${dist}package.json`, `${JSON.stringify(manifest, null, 2)}\n`);
copyFileSync(`${folder}README.md`, `${dist}README.md`);
