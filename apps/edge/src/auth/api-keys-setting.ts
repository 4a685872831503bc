import type { Platform } from "@spillway/event";
import { type ApiKey, hashKey } from "./api-key.ts";

export type ApiKeysSetting =
  | { readonly kind: "ok"; readonly keys: readonly ApiKey[] }
  /** `entry` counts from 0; the reason holds nothing of the key. */
  | { readonly kind: "invalid"; readonly entry: number; readonly reason: string };

/** A key that can be guessed is none. */
const KEY_LENGTH_MIN = 16;
const DEFAULT_NAME = "default";
const nameForm = /^[a-z0-9._-]{1,64}$/i;
const hashed = /^sha256:([0-9a-f]{64})$/i;
const keyForm = /^[!-+\--~]+$/;

const bytesOfHex = (hex: string): Uint8Array =>
  Uint8Array.from({ length: hex.length / 2 }, (_, i) => Number.parseInt(hex.slice(i * 2, i * 2 + 2), 16));

const keyOf = (entry: string, strict: boolean, platform: Platform): ApiKey | string => {
  const colon = entry.indexOf(":");
  const name = colon < 0 ? DEFAULT_NAME : entry.slice(0, colon);
  const key = entry.slice(colon + 1);
  if (!nameForm.test(name)) return "has a name that is not 1 to 64 of letters, digits and . _ -";
  const hex = colon < 0 ? undefined : hashed.exec(key)?.[1];
  if (hex !== undefined) return { name, sha256: bytesOfHex(hex) };
  if (!keyForm.test(key)) return "has an empty key, or one that is not printable ASCII";
  if (strict && key.length < KEY_LENGTH_MIN) return `has a key of less than ${KEY_LENGTH_MIN} characters`;
  return { name, sha256: hashKey(key, platform) };
};

/** Reads `key`, `name:key` or `name:sha256:<hex>`, separated by commas. `strict` refuses short keys. */
export const parseApiKeys = (setting: string, strict: boolean, platform: Platform): ApiKeysSetting => {
  const keys: ApiKey[] = [];
  const entries = setting === "" ? [] : setting.split(",").map((entry) => entry.trim());
  for (const [entry, text] of entries.entries()) {
    const key = keyOf(text, strict, platform);
    if (typeof key === "string") return { kind: "invalid", entry, reason: key };
    keys.push(key);
  }
  return { kind: "ok", keys };
};
