import { connect } from "node:net";

/** Sends bytes as they are and answers what came back until the server was silent with a whole head, or closed. */
export const askRaw = (port: number, text: string): Promise<string> =>
  new Promise((resolve, reject) => {
    let reply = "";
    const socket = connect(port, "127.0.0.1", () => socket.write(text));
    socket.on("data", (bytes) => {
      reply += bytes;
      const [head, body] = reply.split("\r\n\r\n");
      const length = Number(/content-length: (\d+)/i.exec(head ?? "")?.[1] ?? 0);
      const isHead = text.startsWith("HEAD ");
      if (body !== undefined && (isHead || body.length >= length)) socket.destroy();
    });
    socket.on("close", () => resolve(reply));
    socket.on("error", reject);
  });

export const statusOf = (reply: string): number => Number(/^HTTP\/1\.1 (\d{3}) /.exec(reply)?.[1] ?? 0);
