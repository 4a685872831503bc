import { createConfig, lintFromString } from "@redocly/openapi-core";
import spectral, { type RulesetDefinition } from "@stoplight/spectral-core";
import rulesets from "@stoplight/spectral-rulesets";
import { expect, test } from "vitest";
import { createAppWorld } from "../app.fixture.ts";

/* What those who make clients of the document look at it with. One rule cannot hold: the project has no licence yet. */

const documentText = async () => (await createAppWorld()).get("/openapi.json").then((response) => response.text());

test("redocly has nothing to say of the document", async () => {
  const config = await createConfig({ extends: ["recommended"], rules: { "info-license": "off" } });
  const found = await lintFromString({ source: await documentText(), absoluteRef: "/openapi.json", config });
  expect(found.map(({ ruleId, message, location }) => [ruleId, message, location[0]?.pointer])).toEqual([]);
});

test("nor has spectral", async () => {
  const linter = new spectral.Spectral();
  linter.setRuleset({ extends: [[rulesets.oas as RulesetDefinition, "recommended"]] });
  const found = await linter.run(await documentText());
  expect(found.map(({ code, message, path }) => [code, message, path.join(".")])).toEqual([]);
});
