import process from "node:process";
import { openShell } from "@spillway/service/deno";
import { runProcess } from "./process.ts";

/* deno run -A --node-modules-dir=manual, after `bun install`. */
await runProcess({ openShell, env: process.env });
