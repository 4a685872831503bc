import { openShell } from "@spillway/service/bun";
import { bunFleet } from "./fleet/fleet.bun.ts";
import { runProcess } from "./process.ts";

const fleet = bunFleet(process.env);
await runProcess({ openShell, env: process.env, fleet, collectGarbage: () => void Bun.gc(false) });
