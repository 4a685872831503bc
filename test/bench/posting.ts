import { scriptOf } from "./printed.ts";

type Posted = { readonly accepted: number; readonly failed: number; readonly latencies: readonly number[] };

/** Starts `poster.ts` with its arguments. */
export const startPoster = (...args: readonly string[]) => {
  const child = Bun.spawn([...scriptOf("poster.ts"), ...args], {
    stdin: "pipe",
    stdout: "pipe",
    stderr: "inherit",
  });
  const tell = (word: "pause" | "go" | "end") => {
    child.stdin.write(`${word}\n`);
    child.stdin.flush();
  };
  const end = async (): Promise<Posted> => {
    tell("end");
    return JSON.parse((await new Response(child.stdout).text()).trim()) as Posted;
  };
  return { tell, end };
};
