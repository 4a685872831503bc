import { describe, expect, test } from "vitest";
import { portableToBase64, toBase64 } from "./base64.ts";

describe("base64", () => {
  test("is the standard one, with padding, for every length and every byte", () => {
    for (let length = 0; length <= 300; length++) {
      const bytes = Uint8Array.from({ length }, (_, i) => (i * 7 + length) & 255);
      const expected = Buffer.from(bytes).toString("base64");
      expect(portableToBase64(bytes)).toBe(expected);
      expect(toBase64(bytes)).toBe(expected);
    }
  });

  test("takes a view of a larger buffer for what it shows", () => {
    const view = Uint8Array.of(1, 2, 3, 4, 5, 6).subarray(2, 4);
    expect(portableToBase64(view)).toBe("AwQ=");
    expect(toBase64(view)).toBe("AwQ=");
  });
});
