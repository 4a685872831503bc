import type { BodyRefusal } from "../body/body.ts";
import type { Problem } from "../respond.ts";
import type { IngestLimits, IngestPorts } from "./ports.ts";

/** Nobody reads it; it is counted. */
export const connectionEnded: Problem = { code: "damaged_body", detail: "the connection ended" };

export const bodyTooLarge = ({ bodyBytesMax }: Pick<IngestLimits, "bodyBytesMax">): Problem => ({
  code: "body_too_large",
  detail: `the limit is ${bodyBytesMax} bytes, decompressed too`,
  members: { limit: bodyBytesMax },
});

export const bodyProblem = (
  code: BodyRefusal,
  { retryAfterSeconds }: Pick<IngestPorts["committer"], "retryAfterSeconds">,
  limits: Pick<IngestLimits, "bodyBytesMax" | "bodyTimeoutMs">,
): Problem => {
  switch (code) {
    case "body_too_large":
      return bodyTooLarge(limits);
    case "body_too_slow":
      return {
        code,
        detail: `the body had ${limits.bodyTimeoutMs} ms to arrive; nothing was stored, send less at once`,
        headers: { connection: "close" },
      };
    case "damaged_body":
      return { code, detail: "the body ended early or its compression is damaged" };
    case "overloaded":
      return {
        code,
        detail: "the bodies in hand take all the memory they may; nothing was stored, send it again",
        headers: { "retry-after": String(retryAfterSeconds(code)) },
      };
    case "unsupported_content_encoding":
      return { code, detail: "accepted are gzip and identity", headers: { "accept-encoding": "gzip" } };
  }
};
