import { openShell } from "@spillway/service/node";
import { runProcess } from "./process.ts";

await runProcess({ openShell, env: process.env });
