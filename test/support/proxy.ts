import { createServer, type Server, Socket } from "node:net";

/**
 * What a fault proxy does with a connection.
 *
 * - `pass`: nothing. `refuse`: closes at once. `black-hole`: takes bytes and delivers none, either way.
 * - `delay`: every chunk of bytes waits `ms`, in order. `slow`: at most `bytesPerSecond` towards the client.
 * - `cut-reply`: delivers the request, and resets the client when the reply arrives: executed, and nobody knows.
 * - `elsewhere`: new connections go to another port, and those that are open are reset, then and when it is over.
 * - `cut-request`: delivers the first half of the request's bytes, then resets both sides.
 */
export type ProxyMode =
  | { readonly kind: "pass" | "refuse" | "black-hole" | "cut-reply" | "cut-request" }
  | { readonly kind: "delay"; readonly ms: number }
  | { readonly kind: "slow"; readonly bytesPerSecond: number }
  | { readonly kind: "elsewhere"; readonly port: number };

export type FaultProxy = {
  readonly port: number;
  /** Takes effect at once, also for open connections. Healing from a black hole resets what it swallowed. */
  set(mode: ProxyMode): void;
  close(): Promise<void>;
};

type Link = { readonly client: Socket; readonly upstream: Socket; poisoned: boolean };

const reset = (link: Link) => {
  link.client.resetAndDestroy();
  link.upstream.resetAndDestroy();
};

const forward = (link: Link, mode: ProxyMode, to: Socket, bytes: Buffer, towardsClient: boolean) => {
  switch (mode.kind) {
    case "refuse":
      return reset(link);
    case "black-hole":
      link.poisoned = true;
      return;
    case "delay":
      return void setTimeout(() => to.writable && to.write(bytes), mode.ms);
    case "slow":
      return void setTimeout(() => to.writable && to.write(bytes), (bytes.length * 1000) / mode.bytesPerSecond);
    case "cut-reply":
      return towardsClient ? reset(link) : void to.write(bytes);
    case "cut-request":
      if (towardsClient) return void to.write(bytes);
      to.write(bytes.subarray(0, bytes.length >> 1), () => reset(link));
      return;
    default:
      to.write(bytes);
  }
};

/** A TCP proxy on loopback in front of `target`, which it dials for each connection. */
export const startProxy = async (target: { readonly port: number }): Promise<FaultProxy> => {
  let mode: ProxyMode = { kind: "pass" };
  const links = new Set<Link>();
  const server: Server = createServer((client) => {
    if (mode.kind === "refuse") return void client.resetAndDestroy();
    const upstream = new Socket().connect(mode.kind === "elsewhere" ? mode.port : target.port, "127.0.0.1");
    const link: Link = { client, upstream, poisoned: false };
    links.add(link);
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      from.setNoDelay(true);
      from.on("data", (bytes: Buffer) => forward(link, mode, to, bytes, from === upstream));
      from.on("end", () => to.end());
      // A reset on one side is a fault to pass on, not one of the proxy's.
      from.on("error", () => to.destroy());
      from.on("close", () => {
        to.destroy();
        links.delete(link);
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  return {
    port,
    set(next) {
      const moves = mode.kind === "elsewhere" || next.kind === "elsewhere";
      mode = next;
      for (const link of links) if (moves || next.kind === "refuse" || link.poisoned) reset(link);
    },
    async close() {
      for (const link of links) reset(link);
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
};
