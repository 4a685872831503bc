import { openShell } from "@spillway/service/bun";
import { runProcess } from "./process.ts";

await runProcess({ openShell, env: process.env, collectGarbage: () => void Bun.gc(false) });
