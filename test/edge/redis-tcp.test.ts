import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer } from "node:tls";
import { type Running, startPostgres, startRedis } from "@spillway/backends";
import { eventually } from "@spillway/backends/eventually";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { createDatabase, found, KEY, type Services, startEdge } from "../support/world.ts";

/* An edge with REDIS_URL alone: there is no REST server. */

let redis: Running;
let postgres: Running;
beforeAll(async () => {
  [redis, postgres] = await Promise.all([startRedis(), startPostgres()]);
});
afterAll(async () => {
  await Promise.all([redis?.stop(), postgres?.stop()]);
});

let installations = 0;
/** Of an installation of its own: no relay runs, so what one test left in the outbox would divert the next one's events. */
const start = async (redisUrl: string, env: Readonly<Record<string, string>> = {}): Promise<Running> => {
  const name = `edge_over_tcp_${++installations}`;
  const databaseUrl = await createDatabase({ postgres } as Services, name);
  await found(name, { redisUrl: redis.url, databaseUrl }, 4);
  const at = { restUrl: "", redisUrl, edgeOver: "tcp", databaseUrl, brokers: [] } as const;
  const edge = await startEdge(name, at, env);
  onTestFinished(() => edge.stop());
  return edge;
};

let events = 0;
const post = async (edge: Running): Promise<string> => {
  const answer = await fetch(`${edge.url}/v1/events`, {
    method: "POST",
    headers: { authorization: `Bearer ${KEY}`, "content-type": "application/json" },
    body: JSON.stringify({ type: "t", subject: `s-${++events}` }),
  });
  const { tier, code } = (await answer.json()) as { tier?: string; code?: string };
  return `${answer.status} ${tier ?? code}`;
};
const answers = (edge: Running, wanted: string) =>
  eventually(`it answers ${wanted}`, async () => (await post(edge)) === wanted, 20_000);
const readiness = async (edge: Running) => JSON.stringify(await (await fetch(`${edge.url}/readyz`)).json());
const logOf = (edge: Running) => readFileSync(edge.logFile, "utf8");

describe("an edge with REDIS_URL", () => {
  test("stores events in Redis, by the outbox while it is frozen, and goes back by itself", async () => {
    const edge = await start(redis.url);
    expect(await post(edge)).toBe("202 stream");
    expect(logOf(edge)).toContain('"over":"tcp"');
    await redis.kill("SIGSTOP");
    expect(new Set(await Promise.all(Array.from({ length: 20 }, () => post(edge))))).toEqual(new Set(["202 outbox"]));
    await redis.kill("SIGCONT");
    await eventually("its breaker is closed", async () => (await readiness(edge)).includes('"stream":{"status":"up"'));
  });

  test("names a wrong password before the first event comes, and shows none", async () => {
    const url = new URL(redis.url);
    [url.username, url.password] = ["nobody", "wrong-secret-of-the-test"];
    const edge = await start(url.href);
    await eventually("the log names it", () => logOf(edge).includes('"code":"unauthorized"'));
    expect(await readiness(edge)).toContain('"warnings":["unauthorized"');
    expect(await post(edge)).toBe("202 outbox");
    expect(logOf(edge)).not.toContain("wrong-secret");
  });
});

const openssl = "/usr/bin/openssl";
describe.runIf(spawnSync(openssl, ["version"]).status === 0)("an edge with a rediss: URL", () => {
  test("believes a certificate that NODE_EXTRA_CA_CERTS vouches for, and no other, which it names", async () => {
    const folder = mkdtempSync(join(tmpdir(), "spillway-edge-tls-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const [key, cert] = [join(folder, "server.key"), join(folder, "server.crt")];
    const files = ["-keyout", key, "-out", cert, "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"];
    execFileSync(openssl, ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", ...files], {
      stdio: "ignore",
    });
    const server = createServer({ key: readFileSync(key), cert: readFileSync(cert) }, (client) => {
      const upstream = new Socket().connect(redis.port, "127.0.0.1");
      client.on("error", () => upstream.destroy());
      upstream.on("error", () => client.destroy());
      client.pipe(upstream).pipe(client);
    });
    server.on("tlsClientError", () => undefined);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void server.close());
    const url = `rediss://localhost:${(server.address() as { readonly port: number }).port}`;
    await answers(await start(url, { NODE_EXTRA_CA_CERTS: cert }), "202 stream");
    const wary = await start(url);
    await eventually("the log names it", () => logOf(wary).includes('"code":"certificate_refused"'));
    expect(await post(wary)).toBe("202 outbox");
  });
});
