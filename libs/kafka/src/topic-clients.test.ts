import { describe, expect, test } from "vitest";
import { createTopicClients } from "./topic-clients.ts";

/** Clients are numbers here; what counts is who gets which and when each is closed. */
const build = () => {
  let opened = 0;
  const closed: number[] = [];
  const clients = createTopicClients<number>(
    () => {
      const number = ++opened;
      return { client: Promise.resolve(number), close: async () => void closed.push(number) };
    },
    () => undefined,
  );
  return { clients, closed };
};

describe("createTopicClients", () => {
  test("gives every send of a topic the same client and every topic its own", async () => {
    const { clients } = build();
    expect(await clients.borrow("a").client).toBe(await clients.borrow("a").client);
    expect(await clients.borrow("b").client).not.toBe(await clients.borrow("a").client);
  });

  test("gives no new send a client in doubt, and closes it when its last send has settled", async () => {
    const { clients, closed } = build();
    const [first, second] = [clients.borrow("a"), clients.borrow("a")];
    first.retire("request_timeout");
    expect(await clients.borrow("a").client).toBe(2);
    first.done();
    expect(closed).toEqual([]);
    second.done();
    expect(closed).toEqual([1]);
  });

  test("does not let a send on an old client retire its successor", async () => {
    const { clients, closed } = build();
    const [first, second] = [clients.borrow("a"), clients.borrow("a")];
    first.retire("request_timeout");
    const third = clients.borrow("a");
    second.retire("request_timeout");
    for (const loan of [first, second]) loan.done();
    expect(await third.client).toBe(2);
    expect(await clients.borrow("a").client).toBe(2);
    expect(closed).toEqual([1]);
  });

  test("closes an idle client at once when its topic has changed", async () => {
    const { clients, closed } = build();
    clients.borrow("a").done();
    clients.retire("a", "partitions_changed");
    clients.retire("never-used", "partitions_changed");
    expect(closed).toEqual([1]);
  });

  test("closes all of them, each once, with sends in flight too", async () => {
    const { clients, closed } = build();
    const busy = clients.borrow("a");
    clients.borrow("b").done();
    await clients.closeAll();
    busy.done();
    expect(closed.toSorted()).toEqual([1, 2]);
  });
});
