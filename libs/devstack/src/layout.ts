import { mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";

/** Names of everything the devstack keeps under `.spillway/`. */
export const layoutOf = (root: string) => ({
  root,
  devEnv: join(root, "dev.env"),
  secrets: join(root, "secrets.json"),
  ports: join(root, "ports.json"),
  lock: join(root, "run", "devstack.lock"),
  observeLock: join(root, "run", "observe.lock"),
  record: join(root, "run", "stack.json"),
  data: (service: string) => join(root, service),
  log: (name: string) => join(root, "log", `${name}.log`),
});

export type Layout = ReturnType<typeof layoutOf>;

/** Makes the folders. The root may be passed through, since Postgres runs as another user when the devstack is root. */
export const makeLayout = async (layout: Layout): Promise<void> => {
  await mkdir(layout.root, { recursive: true, mode: 0o711 });
  await mkdir(join(layout.root, "run"), { recursive: true, mode: 0o700 });
  await mkdir(join(layout.root, "log"), { recursive: true, mode: 0o700 });
};

/** Every run has logs of its own, and those of the run before stay beside them: two runs are what they may grow to. */
export const rotateLog = async (file: string): Promise<void> => {
  await rm(`${file}.1`, { force: true });
  await rename(file, `${file}.1`).catch((error) => {
    if (error.code !== "ENOENT") throw error;
  });
};
