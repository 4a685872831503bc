import type { Platform } from "@spillway/event";
import { respondJson, respondText } from "../respond.ts";
import type { PublicLimits } from "./limits.ts";
import { openApiOf } from "./openapi.ts";
import { originOf } from "./origin.ts";
import { docsPage, docsStyle } from "./page.ts";

const base64Of = (bytes: Uint8Array): string => btoa(String.fromCharCode(...bytes));

/** `GET /openapi.json` and `GET /docs`. */
export const createDocs = (limits: PublicLimits, platform: Platform) => {
  const openapi = JSON.stringify(openApiOf(limits));
  const styleHash = base64Of(platform.sha256(new TextEncoder().encode(docsStyle)));
  const policy = `default-src 'none'; style-src 'sha256-${styleHash}'; frame-ancestors 'none'; base-uri 'none'`;
  return {
    openapi: (_: Request, requestId: string): Response => respondJson(200, openapi, requestId),
    page: ({ headers }: Request, requestId: string): Response =>
      respondText("text/html; charset=utf-8", docsPage(limits, originOf(headers)), requestId, {
        "content-security-policy": policy,
      }),
  };
};
