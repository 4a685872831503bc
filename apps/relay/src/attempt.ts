import { Unavailable } from "@spillway/event";

/** What a port answered; `code` is the one of its `Unavailable`. */
export type Answer<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly code: string };

/** A port's refusal as data. Anything but `Unavailable` is a programmer's error and goes on up to end the process. */
export const attempt = async <T>(call: Promise<T>): Promise<Answer<T>> => {
  try {
    return { ok: true, value: await call };
  } catch (error) {
    if (error instanceof Unavailable) return { ok: false, code: error.code };
    throw error;
  }
};
