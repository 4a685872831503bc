import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { childEnvironment } from "../config.ts";

// Every service is its own session, so that Ctrl-C in a terminal does not reach Postgres before the apps have finished.
// The price: a devstack that is SIGKILLed would leave them all running. This shell outlives it, notices through the end
// of its stdin, and ends what was registered: asked first, killed after five seconds.
const SCRIPT = `
trap '' INT TERM HUP
alive=' '
while read -r op pid signal; do
  case $op in
    +) alive="$alive$pid:$signal " ;;
    -) kept=' '
       for entry in $alive; do [ "\${entry%%:*}" = "$pid" ] || kept="$kept$entry "; done
       alive=$kept ;;
  esac
done
[ "$alive" = ' ' ] && exit 0
for entry in $alive; do kill -"\${entry#*:}" "\${entry%%:*}" 2>/dev/null; done
tries=0
while [ $tries -lt 50 ]; do
  left=
  for entry in $alive; do kill -0 "\${entry%%:*}" 2>/dev/null && left=1; done
  [ -z "$left" ] && exit 0
  sleep 0.1
  tries=$((tries + 1))
done
for entry in $alive; do kill -KILL "\${entry%%:*}" 2>/dev/null; done
`;

let reaper: ChildProcess | undefined;

const write = (line: string): void => {
  if (!reaper) {
    reaper = spawn("/bin/sh", ["-c", SCRIPT], { stdio: ["pipe", "ignore", "ignore"], detached: true });
    // A broken pipe means that the reaper itself was killed: the next registration starts another.
    reaper.stdin?.on("error", () => {
      reaper = undefined;
    });
    reaper.unref();
  }
  reaper.stdin?.write(`${line}\n`);
};

export type Command = {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  /** On top of this process's own. */
  readonly env?: Readonly<Record<string, string>>;
  /** User and group id to drop to; only root may. */
  readonly uid?: number;
};

/** Starts a process that gets `stopSignal`, then SIGKILL, when this one is gone, however it went; without one it goes on. */
export const spawnCommand = (
  { command, args, cwd, env, uid }: Command,
  stopSignal: NodeJS.Signals | undefined,
  options: SpawnOptions,
): ChildProcess => {
  const identity = uid === undefined ? {} : { uid, gid: uid };
  const child = spawn(command, args, { ...identity, cwd, env: childEnvironment(env), ...options });
  const { pid } = child;
  if (pid === undefined || stopSignal === undefined) return child;
  write(`+ ${pid} ${stopSignal.replace("SIG", "")}`);
  return child.once("exit", () => write(`- ${pid}`));
};
