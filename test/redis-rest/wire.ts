import { connect, createServer, type Socket } from "node:net";

/** A TCP line to Redis on which replies can be held back and which can be cut. */
export type Wire = {
  readonly url: string;
  /** Keeps every reply from now on until `release`. */
  hold(): void;
  /** Lets the kept replies and all later ones through. */
  release(): void;
  /** Lets one kept byte of every connection through. */
  drip(): void;
  /** Resolves when Redis has replied to something while replies were held: the command has run. */
  heldReply(): Promise<void>;
  /** Breaks every connection. */
  cut(): void;
  close(): Promise<void>;
};

type Line = { readonly near: Socket; readonly far: Socket; readonly kept: Buffer[] };

export const openWire = async (redisPort: number): Promise<Wire> => {
  const lines = new Set<Line>();
  let holding = false;
  let announce: () => void = () => undefined;
  let held = Promise.resolve();
  const server = createServer((near) => {
    const far = connect(redisPort, "127.0.0.1");
    const line: Line = { near, far, kept: [] };
    lines.add(line);
    near.on("data", (bytes) => far.write(bytes));
    far.on("data", (bytes: Buffer) => {
      if (!holding) return void near.write(bytes);
      line.kept.push(bytes);
      announce();
    });
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      // The close that follows an error is what ends the line.
      one.on("error", () => one.destroy());
      one.on("close", () => {
        other.destroy();
        lines.delete(line);
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address ? address.port : 0;
  const cut = () => {
    for (const { near, far } of lines) {
      near.destroy();
      far.destroy();
    }
  };
  return {
    url: `redis://127.0.0.1:${port}`,
    cut,
    hold: () => {
      holding = true;
      held = new Promise<void>((resolve) => {
        announce = resolve;
      });
    },
    release: () => {
      holding = false;
      for (const { near, kept } of lines) for (const bytes of kept.splice(0)) near.write(bytes);
    },
    drip: () => {
      for (const { near, kept } of lines) {
        const [first, ...rest] = Buffer.concat(kept.splice(0));
        if (first === undefined) continue;
        near.write(Buffer.of(first));
        kept.push(Buffer.from(rest));
      }
    },
    heldReply: () => held,
    close: async () => {
      cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};
