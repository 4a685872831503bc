import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { freshNamespace, openStream, REST_TOKEN, type StreamServices, startStreamServices } from "./services.ts";

let services: StreamServices;
let bundle: string;
let folder: string;
beforeAll(async () => {
  services = await startStreamServices();
  folder = await mkdtemp(join(tmpdir(), "spillway-portable-"));
  const entry = fileURLToPath(import.meta.resolve("@spillway/stream/tier"));
  const built = await Bun.build({ entrypoints: [entry], target: "browser", format: "esm" });
  bundle = await (built.outputs[0] as Blob).text();
  await writeFile(join(folder, "tier.mjs"), bundle);
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
  await services.stop();
});

/** Runs in Node, with the tier as one file: what a chunk of every byte becomes, twice. */
const program = (rest: unknown, options: unknown) => `
import { createRestTransport, createStreamTier } from "./tier.mjs";
const belonging = { mark: () => "portable", found: () => undefined, refusal: () => null, sentence: () => null };
const transport = createRestTransport(${JSON.stringify(rest)});
const tier = createStreamTier({ ...${JSON.stringify(options)}, transport, belonging });
const chunk = { shard: 0, chunk: Uint8Array.from({ length: 256 }, (_, i) => i), events: 1, dedupKeys: "0123456789abcdef" };
const answers = [...(await tier.append([chunk], 30000)), ...(await tier.append([chunk], 30000))];
console.log(JSON.stringify({ answers, health: await tier.health(30000) }));
`;

describe("the tier as one bundled file", () => {
  test("asks for nothing that only one runtime has", () => {
    const imports = [...bundle.matchAll(/^\s*(?:import|export)\b.*?\bfrom\s*"([^"]+)"|\brequire\(/gm)];
    expect(imports.map(([found]) => found)).toEqual([]);
    expect(bundle).not.toMatch(/\bnode:|\bBun\.|\bDeno\.|\bprocess\.|\bBuffer[.(]/);
  });

  test("runs in Node, base64 and all", async () => {
    const namespace = freshNamespace();
    const limits = { dedupWindowSeconds: 60, backlogEventsMax: 10, backlogBytesMax: 10_000 };
    const rest = { url: services.rest.url, token: REST_TOKEN };
    await services.admin.hset(`${namespace}:meta`, "shards", "4", "installation", "portable");
    await writeFile(join(folder, "main.mjs"), program(rest, { namespace, limits }));
    const node = Bun.spawn(["node", join(folder, "main.mjs")], { stdout: "pipe", stderr: "inherit" });
    const printed = await new Response(node.stdout).text();
    expect(await node.exited).toBe(0);
    expect(JSON.parse(printed)).toEqual({
      answers: [
        { kind: "ok", duplicates: [], totals: [["nobody", 1]] },
        { kind: "ok", duplicates: [0], totals: [["nobody", 1]] },
      ],
      health: { status: "up", warnings: [], promise: { state: "kept" } },
    });
    const { stream, close } = await openStream(services, {}, namespace);
    const [entry] = await stream.read(0, "0", 10, 0);
    expect([...(entry?.chunk ?? [])]).toEqual(Array.from({ length: 256 }, (_, i) => i));
    await close();
  });
});
