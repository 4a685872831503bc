import { expect, test } from "vitest";
import { NotProvided, REMEDIES } from "./refusal.ts";

test.each(Object.values(REMEDIES))("the refusal for $service says what to type on each system", (remedy) => {
  const { message } = new NotProvided(remedy, "it is not here");
  expect(message).toContain(`${remedy.service}: it is not here`);
  expect(message).toMatch(/Debian {3}\S/);
  expect(message).toMatch(/macOS {4}\S/);
  if (!("docker" in remedy)) return;
  expect(message).toMatch(/Docker {3}docker run .*-p 127\.0\.0\.1:/);
  expect(message).toMatch(/export \w+=\S*127\.0\.0\.1:\d+/);
});
