import { expect, test } from "vitest";
import { javaMajor } from "./java.ts";

test.each([
  ['openjdk version "17.0.15" 2025-04-15\nOpenJDK Runtime Environment', 17],
  ['openjdk version "25-ea" 2025-09-16', 25],
  ['java version "1.8.0_402"', 8],
  ['Picked up JAVA_TOOL_OPTIONS: -Xmx1g\nopenjdk version "21.0.1"', 21],
  ["The operation couldn’t be completed. Unable to locate a Java Runtime.", undefined],
])("%j is version %s", (output, major) => {
  expect(javaMajor(output)).toBe(major);
});
