import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { postSamples } from "./sample.ts";

/** An edge that answers with these in turn, and what it was sent. */
const edgeOf = async (answers: readonly { status: number; retryAfter?: string }[]) => {
  const bodies: string[] = [];
  const server = createServer(async (request, response) => {
    const { status, retryAfter } = answers[bodies.length] ?? { status: 202 };
    bodies.push(Buffer.concat(await request.toArray()).toString());
    response
      .writeHead(status, retryAfter === undefined ? {} : { "retry-after": retryAfter })
      .end('{"code":"unavailable"}');
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, bodies, stop: () => server.close() };
};

test("samples that are refused for a moment are sent again as they are, after the time that the edge names", async () => {
  const edge = await edgeOf([
    { status: 503, retryAfter: "0.01" },
    { status: 207, retryAfter: "0.01" },
  ]);
  const ids = await postSamples(edge.url, "key");
  edge.stop();
  expect(new Set(edge.bodies)).toEqual(new Set([edge.bodies[0]]));
  expect(edge.bodies).toHaveLength(3);
  expect((JSON.parse(edge.bodies[0] ?? "") as { id: string }[]).map(({ id }) => id)).toEqual(ids);
});

test("samples that may not be sent again, or were five times, end with the answer and no stack", async () => {
  const forbidden = await edgeOf([{ status: 401 }]);
  const busy = await edgeOf(Array(9).fill({ status: 503, retryAfter: "0.01" }));
  for (const [edge, status, requests] of [
    [forbidden, 401, 1],
    [busy, 503, 5],
  ] as const) {
    await expect(postSamples(edge.url, "key")).rejects.toMatchObject({
      name: "SamplesRefused",
      message: `the edge answered ${status}: {"code":"unavailable"}`,
    });
    expect(edge.bodies).toHaveLength(requests);
    edge.stop();
  }
});
