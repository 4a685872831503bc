import type { Running } from "@spillway/backends";
import { eventually } from "@spillway/backends/eventually";
import { afterAll, beforeAll, expect, test } from "vitest";
import { DASHBOARD_PASSWORD, startDashboard } from "../support/dashboard.ts";
import { setTopic } from "../support/topic.ts";
import { type Pipeline, type Services, startPipeline, startServices } from "../support/world.ts";

/* What an operator does: log in, see a dead letter, mend the topic, replay, and see the event in Kafka. */
let services: Services;
let pipeline: Pipeline;
let dashboard: Running;

beforeAll(async () => {
  services = await startServices();
  pipeline = await startPipeline(services, { topicSettings: { "max.message.bytes": "20000" } });
  dashboard = await startDashboard(services, pipeline);
});
afterAll(async () => {
  await dashboard?.stop();
  await pipeline?.stop();
  await services?.stop();
});

const form = (fields: Record<string, string>, cookie = "") => ({
  method: "POST",
  body: new URLSearchParams(fields),
  headers: { cookie },
  redirect: "manual" as const,
});

const logIn = async (): Promise<string> => {
  const response = await fetch(`${dashboard.url}/login`, form({ password: DASHBOARD_PASSWORD }));
  return response.headers.get("set-cookie")?.split(";")[0] ?? "";
};
const pageOf = async (cookie: string, path = "/") =>
  (await fetch(new URL(path, dashboard.url), { headers: { cookie } })).text();

test("a dead letter is shown with its error, and reaches Kafka when it is replayed after the topic was mended", async () => {
  const noise = Buffer.from(crypto.getRandomValues(new Uint8Array(30_000))).toString("base64");
  await pipeline.post(JSON.stringify({ id: "to-be-replayed", type: "<b>bold</b>", data: noise }));
  const cookie = await logIn();
  const page = await eventually("the dead letter on the page", async () => {
    const html = await pageOf(cookie, "/dead-letters?status=waiting");
    return html.includes("/replay") && (await pageOf(cookie)).includes("1 dead letter waits") && html;
  });
  expect(page).toContain("&lt;b&gt;bold&lt;/b&gt;");
  expect(page).toContain("message_too_large");
  const groups = await pageOf(cookie, "/dead-letters");
  expect(groups).toContain("&lt;b&gt;bold&lt;/b&gt;");
  const letter = await pageOf(cookie, /href="(\/dead-letters\/\d+)"/.exec(groups)?.[1]);
  expect(letter).toContain("It is refused again unless the topic".replace("It", "it"));

  await setTopic(pipeline.addresses.brokers, pipeline.topic, "max.message.bytes", "1048588");
  const token = /name="form_token" value="([^"]+)"/.exec(page)?.[1] ?? "";
  const action = /action="(\/dead-letters\/\d+\/replay)"/.exec(page)?.[1] ?? "";
  const replayed = await fetch(`${dashboard.url}${action}`, form({ form_token: token }, cookie));
  expect(replayed.status).toBe(303);
  const again = await fetch(`${dashboard.url}${action}`, form({ form_token: token }, cookie));
  expect(await pageOf(cookie, again.headers.get("location") ?? "")).toContain("was replayed once, by ");

  const records = await eventually("the event in Kafka", async () => {
    const found = await pipeline.read();
    return found.length > 0 && found;
  });
  expect(records).toHaveLength(1);
  expect(records[0]?.value.toString()).toContain('"id":"to-be-replayed"');
  expect(records[0]?.headers["spillway-attempt"]).toBe("2");
});

test("without a session there is no data, and a foreign form changes nothing", async () => {
  const response = await fetch(dashboard.url, { redirect: "manual" });
  expect([response.status, response.headers.get("location")]).toEqual([303, "/login"]);
  const cookie = await logIn();
  const foreign = await fetch(`${dashboard.url}/dead-letters/1/discard`, form({ reason: "x" }, cookie));
  expect(foreign.status).toBe(403);
});
