import { connect } from "node:net";
import { systemClock } from "@spillway/event";
import { KEY } from "./world.ts";

/** Of the balancer's probe. */
const PROBE_MS = 1_000;

/** What became of one request on a connection of its own: its status, an error's code, or "no answer". */
export const postOnce = (port: number, id: string): Promise<string> =>
  new Promise((resolve) => {
    const body = `{"type":"t","id":"${id}"}`;
    const socket = connect(port, "127.0.0.1");
    let answer = "";
    socket.on("data", (data) => {
      answer += data;
      // Where the server does not end the connection, we do.
      if (answer.includes("\r\n\r\n") && !/connection: close/i.test(answer)) socket.end();
    });
    socket.on("error", (error: Error & { code?: string }) => resolve(error.code ?? error.name));
    socket.on("close", () => resolve(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1] ?? "no answer"));
    socket.write(
      `POST /v1/events HTTP/1.1\r\nHost: edge\r\nAuthorization: Bearer ${KEY}\r\nContent-Type: application/json\r\n` +
        `Content-Length: ${body.length}\r\n\r\n${body}`,
    );
  });

/** So many clients behind a balancer, which sends nothing more from the first probe on that is not 200. `accepted`: the ids of 202s. */
export const postBehindBalancer = (port: number, clients: number) => {
  const outcomes = new Map<string, number>();
  const accepted: string[] = [];
  let isIn = true;
  const client = async (name: number): Promise<void> => {
    for (let n = 0; isIn; n++) {
      const id = `${port}-${name}-${n}`;
      const outcome = await postOnce(port, id);
      if (outcome === "202") accepted.push(id);
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    }
  };
  const probe = async (): Promise<void> => {
    while (isIn) {
      await systemClock.sleep(PROBE_MS);
      const answer = await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => null);
      if (answer?.status !== 200) isIn = false;
    }
  };
  const posting = Array.from({ length: clients }, (_, name) => client(name));
  return { outcomes, accepted, over: Promise.all([...posting, probe()]) };
};
