import { describe, expect, test } from "vitest";
import { BATCH_RECORDS_MAX, createBatchSize } from "./batch-size.ts";

describe("the batch size", () => {
  test("grows up to the limit while full batches are quick and more waits", () => {
    const batchSize = createBatchSize();
    for (let i = 0; i < 50; i++) batchSize.confirmed(batchSize.recordsMax, 20, 5_000);
    expect(batchSize.recordsMax).toBe(BATCH_RECORDS_MAX);
  });

  test("halves when a full batch was slow or a publish failed, and never below its least", () => {
    const batchSize = createBatchSize();
    const first = batchSize.recordsMax;
    batchSize.confirmed(first, 2_000, 5_000);
    expect(batchSize.recordsMax).toBe(first / 2);
    for (let i = 0; i < 50; i++) batchSize.failed();
    expect(batchSize.recordsMax).toBe(50);
  });

  test("learns nothing from batches that were not full", () => {
    const batchSize = createBatchSize();
    const first = batchSize.recordsMax;
    batchSize.confirmed(3, 2_000, 0);
    expect(batchSize.recordsMax).toBe(first);
  });
});
