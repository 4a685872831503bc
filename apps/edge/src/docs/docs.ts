import type { Platform } from "@spillway/event";
import { respondJson, respondText } from "../respond.ts";
import { landingPage } from "./landing.ts";
import type { PublicLimits } from "./limits.ts";
import { openApiOf } from "./openapi.ts";
import { originOf } from "./origin.ts";
import { docsPage, docsStyle } from "./page.ts";

const base64Of = (bytes: Uint8Array): string => btoa(String.fromCharCode(...bytes));

/** `GET /openapi.json`, `GET /docs` and `GET /`. */
export const createDocs = (limits: PublicLimits, platform: Platform) => {
  const openapi = JSON.stringify(openApiOf(limits));
  const styleHash = base64Of(platform.sha256(new TextEncoder().encode(docsStyle)));
  const policy = `default-src 'none'; style-src 'sha256-${styleHash}'; frame-ancestors 'none'; base-uri 'none'`;
  const page = (html: string, requestId: string): Response =>
    respondText("text/html; charset=utf-8", html, requestId, { "content-security-policy": policy });
  return {
    openapi: (_: Request, requestId: string): Response => respondJson(200, openapi, requestId),
    page: ({ headers }: Request, requestId: string): Response => page(docsPage(limits, originOf(headers)), requestId),
    landing: ({ headers }: Request, requestId: string): Response => page(landingPage(originOf(headers)), requestId),
  };
};
