import { code, docsStyle, single, UNKNOWN_ORIGIN } from "./page.ts";

const links: readonly (readonly [path: string, what: string])[] = [
  ["/docs", "the API: events, answers, limits and every code"],
  ["/openapi.json", "the same for machines"],
  ["/v1/limits", "what a client has to keep to"],
  ["/readyz", "whether an event can be stored now"],
];

/** What `/` shows to who opens the edge's address: what this is, a first call, and where the rest stands. */
export const landingPage = (origin: string | null): string => `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Spillway edge</title><style>${docsStyle}</style></head><body><main>
<h1>Spillway edge</h1>
<p>Takes events over HTTP and answers when they are on disk. <code>$API_KEY</code> is your key:</p>
${code(single(origin ?? UNKNOWN_ORIGIN))}
<ul>${links.map(([path, what]) => `<li><a href="${path}">${path}</a>: ${what}</li>`).join("")}</ul>
</main></body></html>
`;
