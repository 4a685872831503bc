import { execFileSync } from "node:child_process";
import { chownSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Running, startPostgres } from "@spillway/backends";
import { eventually } from "@spillway/backends/eventually";
import { createOutboxTier } from "@spillway/outbox";
import { afterAll, beforeAll, expect, test } from "vitest";
import { chunkOf, freshNames } from "../conformance/chunks.ts";
import { adminOf, openFresh } from "./fresh-database.ts";

const DEADLINE_MS = 5_000;

/** A file system of 8 MiB, or null where one may not be mounted (only root may, and not in every container). */
const mountSmall = (): string | null => {
  const folder = mkdtempSync(join(tmpdir(), "spillway-small-"));
  try {
    execFileSync("/bin/mount", ["-t", "tmpfs", "-o", "size=8m", "tmpfs", folder], { stdio: "ignore" });
    return folder;
  } catch {
    rmSync(folder, { recursive: true });
    return null;
  }
};

const folder = mountSmall();
let server: Running;

beforeAll(async () => {
  server = await startPostgres();
});
afterAll(async () => {
  await server.stop();
  if (folder === null) return;
  execFileSync("/bin/umount", [folder]);
  rmSync(folder, { recursive: true });
});

/** The user that the server runs as owns its data. */
const giveToServer = async (path: string): Promise<void> => {
  const admin = adminOf(server.url);
  const [row] = await admin<{ folder: string }[]>`select current_setting('data_directory') as folder`;
  await admin.end();
  const { uid, gid } = statSync(row?.folder ?? "");
  chownSync(path, uid, gid);
};

test.runIf(folder !== null)(
  "says that the disk is full, keeps what it acknowledged, and goes on when there is room",
  async () => {
    const place = folder ?? "";
    await giveToServer(place);
    const { database, admin, close } = await openFresh(server.url);
    await admin.unsafe(`create tablespace small location '${place}'`);
    await admin.unsafe("alter table outbox set tablespace small");
    const tier = createOutboxTier({ database });
    const append = async () => {
      const bytes = crypto.getRandomValues(new Uint8Array(60_000));
      return (await tier.append([chunkOf(0, freshNames(1), bytes)], DEADLINE_MS))[0];
    };
    let acknowledged = 0;
    let answer = await append();
    for (; answer?.kind === "ok"; answer = await append()) acknowledged++;
    expect(answer).toEqual({ kind: "retriable", code: "disk_full" });
    expect(acknowledged).toBeGreaterThan(10);
    expect((await tier.size(DEADLINE_MS)).events).toBe(acknowledged);
    for (let i = 0; i < 5; i++)
      expect(await tier.health(DEADLINE_MS)).toMatchObject({ status: "down", warnings: ["disk_full"] });
    // One that was never asked to take anything finds out by itself.
    const dormant = createOutboxTier({ database });
    expect(await dormant.health(DEADLINE_MS)).toMatchObject({ status: "down", warnings: ["disk_full"] });
    execFileSync("/bin/mount", ["-o", "remount,size=32m", place]);
    const isUp = async () => (await tier.health(DEADLINE_MS)).status === "up";
    await eventually("it is up again, before anything was appended", isUp);
    expect((await tier.size(DEADLINE_MS)).events).toBe(acknowledged);
    expect((await append())?.kind).toBe("ok");
    await admin.unsafe("alter table outbox set tablespace pg_default");
    await admin.unsafe("drop tablespace small");
    await close();
  },
);
