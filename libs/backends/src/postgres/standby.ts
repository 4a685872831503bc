import { chown, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import postgres from "postgres";
import { runCommand } from "../process/command.ts";
import { openWhole } from "../process/place.ts";
import type { Say } from "../provision/say.ts";
import type { PostgresBinaries } from "./binaries.ts";

/**
 * The database cluster in `folder`; when there is none, a copy of the one that is asked by `url`, as a standby. It is what
 * pg_basebackup makes, which the npm package does not have: a copy of the files between the start and the stop of a backup.
 */
export const openStandby = (folder: string, { uid }: PostgresBinaries, url: string, say: Say): Promise<string> =>
  openWhole(folder, "cluster", say, async (work) => {
    const sql = postgres(url, { max: 1, onnotice: () => undefined });
    try {
      const [place] = await sql`select setting from pg_settings where name = 'data_directory'`;
      await sql`select pg_backup_start('standby', fast => true)`;
      const { code, output } = await runCommand("cp", ["-R", String(place?.setting), work], { uid, cwd: folder });
      if (code !== 0) throw new Error(`the copy of a database cluster failed: ${output.trim().slice(-400)}`);
      const [label] = await sql`select labelfile from pg_backup_stop(wait_for_archive => false)`;
      await rm(join(work, "postmaster.pid"));
      const made = { backup_label: String(label?.labelfile), "standby.signal": "" };
      for (const [name, text] of Object.entries(made)) {
        await writeFile(join(work, name), text);
        if (uid !== undefined) await chown(join(work, name), uid, uid);
      }
    } finally {
      await sql.end({ timeout: 1 });
    }
  });
