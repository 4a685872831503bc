import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { createKafkajsSink } from "@spillway/kafka/kafkajs";
import { silentLog } from "@spillway/telemetry";
import { expect, test } from "vitest";
import { shortDeadlines } from "./broker.ts";

test("the sink knocks at a broker by its IPv6 address", async () => {
  const server = createServer();
  server.listen(0, "::1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const sink = createKafkajsSink({
    connection: { brokers: [`[::1]:${address.port}`], clientId: "t" },
    deadlines: shortDeadlines,
    log: silentLog,
  });
  const knocked = once(server, "connection") as Promise<[Socket]>;
  void sink.health();
  const [socket] = await knocked;
  expect(socket.localAddress).toBe("::1");
  socket.destroy();
  await sink.close();
  server.close();
});
