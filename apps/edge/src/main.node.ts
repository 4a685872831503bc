import { openShell } from "@spillway/service/node";
import { runProcess } from "./process.ts";

/* Node 22.18 or later strips the types by itself; 24 and later say nothing about it. */
await runProcess({ openShell, env: process.env });
