import type { Platform } from "@spillway/event";
import type { IngestLimits } from "../ingest/ports.ts";
import { respondJson, respondText } from "../respond.ts";
import { openApiOf } from "./openapi.ts";
import { docsPage, docsStyle } from "./page.ts";

const base64Of = (bytes: Uint8Array): string => btoa(String.fromCharCode(...bytes));

/** `GET /openapi.json` and `GET /docs`, both written once at the start. */
export const createDocs = (limits: IngestLimits, platform: Platform) => {
  const openapi = JSON.stringify(openApiOf(limits));
  const page = docsPage(limits);
  const styleHash = base64Of(platform.sha256(new TextEncoder().encode(docsStyle)));
  const policy = `default-src 'none'; style-src 'sha256-${styleHash}'; frame-ancestors 'none'; base-uri 'none'`;
  return {
    openapi: (_: Request, requestId: string): Response => respondJson(200, openapi, requestId),
    page: (_: Request, requestId: string): Response =>
      respondText("text/html; charset=utf-8", page, requestId, { "content-security-policy": policy }),
  };
};
