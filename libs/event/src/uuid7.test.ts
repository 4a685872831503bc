import { expect, test } from "vitest";
import { createUuid7 } from "./uuid7.ts";

const FORM = /^[\da-f]{8}-[\da-f]{4}-7[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/;
const fill = (bytes: Uint8Array<ArrayBuffer>) => void crypto.getRandomValues(bytes);

test("is the example of RFC 9562, of its time and its chance", () => {
  const chance = [0x0c, 0xc3, 0x18, 0xc4, 0xdc, 0x0c, 0x0c, 0x07, 0x39, 0x8f];
  const uuid = createUuid7(
    () => 0x017f22e279b0,
    (bytes) => bytes.set(chance),
  );
  expect(uuid()).toBe("017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
});

test("asks for no chance before the first one, and never gives one twice", () => {
  let fills = 0;
  const uuid = createUuid7(
    () => 1_800_000_000_000,
    (bytes) => {
      fills++;
      fill(bytes);
    },
  );
  expect(fills).toBe(0);
  const ids = Array.from({ length: 10_000 }, () => uuid());
  expect(new Set(ids).size).toBe(10_000);
  expect(ids.filter((id) => !FORM.test(id))).toEqual([]);
  expect(fills).toBe(25);
});

test("begins with its time, so that ids of a later millisecond sort behind", () => {
  let ms = 1_700_000_000_000;
  const uuid = createUuid7(() => ms, fill);
  const ids = Array.from({ length: 100 }, () => {
    ms += 7;
    return uuid();
  });
  expect(ids.toSorted()).toEqual(ids);
  expect(Number.parseInt((ids.at(-1) ?? "").replaceAll("-", "").slice(0, 12), 16)).toBe(ms);
});
