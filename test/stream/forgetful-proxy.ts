import { createServer, Socket } from "node:net";

/**
 * A TCP proxy that can forget its open connections, as a firewall does: nobody is told, and whatever is sent on them
 * goes nowhere. New connections work.
 */
export const startForgetfulProxy = async (targetPort: number) => {
  const sockets = new Set<Socket>();
  let forget: (() => void)[] = [];
  const server = createServer((client) => {
    const upstream = new Socket().connect(targetPort, "127.0.0.1");
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(from);
      const pass = (bytes: Buffer) => void to.write(bytes);
      from.on("data", pass);
      from.on("error", () => to.destroy());
      from.on("close", () => sockets.delete(from));
      forget.push(() => from.off("data", pass).on("data", () => undefined));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { readonly port: number };
  return {
    port,
    forgetAll: () => {
      for (const each of forget) each();
      forget = [];
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};
