import { describe, expect, test } from "vitest";
import { BATCH_RECORDS_MAX, createPace } from "./pace.ts";

describe("the pace", () => {
  test("grows up to the limit while full batches are quick and more waits", () => {
    const pace = createPace();
    for (let i = 0; i < 50; i++) pace.confirmed(pace.recordsMax, 20, 5_000);
    expect(pace.recordsMax).toBe(BATCH_RECORDS_MAX);
  });

  test("halves when a full batch was slow or a publish failed, and never below its least", () => {
    const pace = createPace();
    const first = pace.recordsMax;
    pace.confirmed(first, 2_000, 5_000);
    expect(pace.recordsMax).toBe(first / 2);
    for (let i = 0; i < 50; i++) pace.failed();
    expect(pace.recordsMax).toBe(50);
  });

  test("learns nothing from batches that were not full", () => {
    const pace = createPace();
    const first = pace.recordsMax;
    pace.confirmed(3, 2_000, 0);
    expect(pace.recordsMax).toBe(first);
  });
});
