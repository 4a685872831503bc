import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { createProvider, type ProviderSettings } from "./provider.ts";

/* A provider that can lie, as no real one does when it is asked to; the real one is in test/dashboard and test/browser. */
type Lies = {
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly header?: Readonly<Record<string, unknown>>;
  readonly isForged?: boolean;
  readonly tokenError?: string;
  readonly userinfo?: Readonly<Record<string, unknown>>;
};

const CLIENT = "dashboard";
let server: Server;
let issuer: string;
let keys: CryptoKeyPair;
let others: CryptoKeyPair;
let lies: Lies = {};
let asked: URLSearchParams;
let nonce: string;

const base64 = (bytes: Uint8Array | string) => Buffer.from(bytes).toString("base64url");
const ALGORITHM = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };

const idToken = async (): Promise<string> => {
  const now = Math.floor(Date.now() / 1_000);
  const claims = {
    iss: issuer,
    aud: CLIENT,
    sub: "s-1",
    iat: now,
    exp: now + 60,
    nonce,
    roles: ["operator"],
    ...lies.claims,
  };
  const signed = `${base64(JSON.stringify({ alg: "RS256", kid: "k", ...lies.header }))}.${base64(JSON.stringify(claims))}`;
  const { privateKey } = lies.isForged ? others : keys;
  return `${signed}.${base64(new Uint8Array(await crypto.subtle.sign(ALGORITHM, privateKey, Buffer.from(signed))))}`;
};

const answers: Readonly<Record<string, (body: string) => Promise<object>>> = {
  "/.well-known/openid-configuration": async () => ({
    issuer,
    authorization_endpoint: `${issuer}/auth`,
    token_endpoint: `${issuer}/token`,
    jwks_uri: `${issuer}/jwks`,
    userinfo_endpoint: `${issuer}/me`,
    code_challenge_methods_supported: ["S256"],
  }),
  "/jwks": async () => ({
    keys: [{ ...(await crypto.subtle.exportKey("jwk", keys.publicKey)), kid: "k", use: "sig", alg: "RS256" }],
  }),
  "/token": async (body) => {
    asked = new URLSearchParams(body);
    if (lies.tokenError !== undefined) return { error: lies.tokenError };
    return { access_token: "a", token_type: "bearer", id_token: await idToken() };
  },
  "/me": async () => ({ sub: "s-1", ...lies.userinfo }),
};

beforeAll(async () => {
  const parameters = { ...ALGORITHM, modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) };
  [keys, others] = await Promise.all([
    crypto.subtle.generateKey(parameters, true, ["sign", "verify"]),
    crypto.subtle.generateKey(parameters, true, ["sign", "verify"]),
  ]);
  server = createServer(async (request, response) => {
    const body = (await request.toArray()).join("");
    const answer = (await answers[request.url ?? ""]?.(body)) ?? {};
    response.writeHead("error" in answer ? 400 : 200, { "content-type": "application/json" });
    response.end(JSON.stringify(answer));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => void server.close());
beforeEach(() => {
  lies = {};
});

const settings = (): ProviderSettings => ({
  issuer,
  clientId: CLIENT,
  clientSecret: "secret of the client",
  redirectUrl: "https://ops.example/spillway/login/provider",
  loggedOutUrl: "https://ops.example/spillway/login",
  scope: "openid email",
  roleClaim: "roles",
});

/** Out and back, with what the provider then says. */
const arrive = async (told: Lies = {}, change: Readonly<Record<string, string>> = {}) => {
  lies = told;
  const provider = createProvider(settings());
  const beginning = await provider.begin();
  if (beginning === null) throw new Error("the provider does not answer");
  nonce = beginning.flow.nonce;
  const query = new URLSearchParams({ code: "c", state: beginning.flow.state, ...change });
  return {
    arrival: await provider.finish(`?${query}`, beginning.flow),
    url: new URL(beginning.url),
    flow: beginning.flow,
  };
};

test("a person comes back with what only this browser, this client and this provider know", async () => {
  const { arrival, url, flow } = await arrive({ claims: { email: "ann@example.com" } });
  expect(arrival).toEqual({
    kind: "person",
    person: { subject: "s-1", label: "ann@example.com", roleNames: ["operator"] },
  });
  const challenge = base64(new Uint8Array(await crypto.subtle.digest("SHA-256", Buffer.from(flow.verifier))));
  expect(Object.fromEntries(url.searchParams)).toMatchObject({
    code_challenge: challenge,
    code_challenge_method: "S256",
    state: flow.state,
    nonce: flow.nonce,
    redirect_uri: settings().redirectUrl,
  });
  expect(asked.get("code_verifier")).toBe(flow.verifier);
  const { flow: another } = await arrive();
  expect(new Set([...Object.values(flow), ...Object.values(another)]).size).toBe(6);
});

test.each<[string, Lies, Readonly<Record<string, string>>?]>([
  ["another audience", { claims: { aud: "other" } }],
  ["another issuer", { claims: { iss: "https://evil.example" } }],
  ["another nonce", { claims: { nonce: "n" } }],
  ["no nonce", { claims: { nonce: undefined } }],
  ["a time that is over", { claims: { exp: 1 } }],
  ["another's signature", { isForged: true }],
  ["no algorithm", { header: { alg: "none" } }],
  ["the userinfo of another subject", { claims: { roles: undefined }, userinfo: { sub: "s-2", roles: ["operator"] } }],
  ["a token that is refused", { tokenError: "invalid_grant" }],
  ["another state", {}, { state: "s" }],
  ["another issuer in the address", {}, { iss: "https://evil.example" }],
  ["an error", {}, { error: "access_denied" }],
])("nobody comes back with %s", async (_name, told, change) => {
  const { arrival } = await arrive(told, change);
  expect(arrival).toMatchObject({ kind: "refused", code: expect.stringMatching(/^[A-Za-z_]+$/) });
});

test("an error of the address is a word, or has none", async () => {
  expect((await arrive({}, { error: "<script>" })).arrival).toEqual({ kind: "refused", code: "unnamed" });
});

test("roles and address may be told at the userinfo endpoint alone", async () => {
  const userinfo = { roles: ["viewer"], email: "v@example.com" };
  expect((await arrive({ claims: { roles: undefined }, userinfo })).arrival).toEqual({
    kind: "person",
    person: { subject: "s-1", label: "v@example.com", roleNames: ["viewer"] },
  });
});

test("a provider that is away is asked again", async () => {
  const away = createServer().listen(0, "127.0.0.1");
  await once(away, "listening");
  const { port } = away.address() as AddressInfo;
  await new Promise((resolve) => away.close(resolve));
  const provider = createProvider({ ...settings(), issuer: `http://127.0.0.1:${port}` });
  expect(await provider.begin()).toBe(null);
  expect(await provider.finish("?code=c&state=s", { state: "s", nonce: "n", verifier: "v" })).toEqual({ kind: "away" });
  const back = createServer((_request, response) => {
    const base = `http://127.0.0.1:${port}`;
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ issuer: base, authorization_endpoint: `${base}/auth` }));
  }).listen(port, "127.0.0.1");
  await once(back, "listening");
  expect((await provider.begin())?.url).toContain(`http://127.0.0.1:${port}/auth?`);
  back.close();
});
