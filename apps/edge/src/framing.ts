import { isHost } from "@spillway/service";
import type { Problem } from "./respond.ts";

const malformed = (detail: string): Problem => ({ code: "malformed_request", detail });

const trailers: Problem = {
  code: "unsupported_trailers",
  detail: "send the request without trailers; what is in them belongs into its headers",
};

const expectation: Problem = {
  code: "unsupported_expectation",
  detail: "leave Expect out, or write it as 100-continue, in small letters",
};

const digits = /^\d{1,15}$/;

/**
 * What is wrong with how a message with a body was framed, or null. The rest of RFC 9112 is the server's. Bun passes on a
 * doubled `Content-Length` as a list, answers `100-continue` in this spelling only (Java writes `100-Continue` and then
 * waits), and refuses every trailer with an empty 400, maybe after its event was stored: who announces one is told so
 * before anything is read.
 */
export const framingFault = (headers: Headers): Problem | null => {
  const length = headers.get("content-length");
  if (length !== null && !digits.test(length)) return malformed("Content-Length must be one number");
  if (headers.has("trailer")) return trailers;
  const expect = headers.get("expect");
  return expect === null || expect === "100-continue" ? null : expectation;
};

export const hostFault = (headers: Headers): Problem | null =>
  isHost(headers.get("host"))
    ? null
    : malformed("there must be one Host header, and it must be a host and maybe a port (RFC 3986)");
