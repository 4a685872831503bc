import { describe, expect, test } from "vitest";
import { form, logIn, setUp } from "../../app.fixture.tsx";
import { readConfig } from "../../config.ts";
import type { DevStack } from "../../dev/stack.ts";

const VIC = { name: "vic", password: "vic's password" };
const PATHS = ["/dev/redis/freeze", "/dev/kafka/wake", "/dev/send", "/dev/seed"];

const devStack = () => {
  const done: unknown[] = [];
  const dev: DevStack = {
    states: async () => ({ redis: "frozen", kafka: "running", postgres: "running", edge: "absent", relay: "running" }),
    signal: async (...args) => done.push(args) > 0,
    send: async (count) => `The edge answered 202 to ${count} events.`,
    seed: async (...args) => void done.push(args),
  };
  return { dev, done };
};

describe("without a devstack, as in production,", () => {
  test("there is no such page, and no such action", async () => {
    for (const https of [true, false]) {
      const { app } = setUp({}, https);
      const { cookie, token, page } = await logIn(app);
      expect(page).not.toContain('href="/dev"');
      expect((await app.request("/dev", { headers: { cookie } })).status).toBe(404);
      for (const path of PATHS)
        expect(
          (await app.request(path, form({ form_token: token, count: "1", class: "poison" }, { cookie }))).status,
        ).toBe(404);
    }
  });

  const environment = { REDIS_URL: "redis://h", DATABASE_URL: "postgres://h/d", EDGE_URL: "http://h" };
  test.each([
    [{ ENVIRONMENT: "production" }],
    [{ ENVIRONMENT: "" }],
    [{ ENVIRONMENT: "development", HOST: "10.0.0.1" }],
  ])("it does not start where %j and the file are given", (given) => {
    const named = { ...environment, ...given, DEV_ENV_FILE: "/r/dev.env" };
    expect(() => readConfig(named)).toThrow(
      "DEV_ENV_FILE: got something; accepts nothing but in development on loopback",
    );
  });
  test("in development on loopback it does", () => {
    const given = { ...environment, ENVIRONMENT: "development", DEV_ENV_FILE: "/r/dev.env" };
    expect(readConfig(given).DEV_ENV_FILE).toBe("/r/dev.env");
  });
});

describe("with one", () => {
  test("an operator breaks and mends, and a viewer looks", async () => {
    const { dev, done } = devStack();
    const { app } = setUp({ dev });
    const { cookie, token } = await logIn(app);
    const page = await (await app.request("/dev", { headers: { cookie } })).text();
    for (const shown of ['action="/dev/redis/wake"', 'action="/dev/kafka/freeze"', 'href="/dev"'])
      expect(page).toContain(shown);
    expect(page).not.toContain('action="/dev/edge/');
    for (const path of PATHS)
      expect(
        (await app.request(path, form({ form_token: token, count: "3", class: "poison" }, { cookie }))).status,
      ).toBe(303);
    const expected = [
      ["redis", "SIGSTOP"],
      ["kafka", "SIGCONT"],
      ["poison", 3],
    ];
    expect(done).toEqual(expected);
    for (const [count = "", kind = "poison"] of [["0"], ["1001"], ["x"], ["1", "<b>"]])
      expect((await app.request("/dev/seed", form({ form_token: token, count, class: kind }, { cookie }))).status).toBe(
        422,
      );
    const viewer = await logIn(app, VIC);
    for (const path of PATHS) {
      const fields = { form_token: viewer.token, count: "1", class: "poison" };
      expect((await app.request(path, form(fields, { cookie: viewer.cookie }))).status).toBe(403);
    }
    expect(done).toEqual(expected);
  });
});
