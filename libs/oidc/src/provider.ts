import * as oidc from "openid-client";
import { claimOf, labelOf, namesOf } from "./claim.ts";

/** What a browser keeps between leaving for the provider and coming back; nobody else may know it. */
export type Flow = { readonly state: string; readonly nonce: string; readonly verifier: string };

/** Somebody whom the provider has identified. */
export type Person = {
  /** Never another's at this provider, and the same for ever. */
  readonly subject: string;
  /** Null: it tells neither address nor name. */
  readonly label: string | null;
  /** What the claim of roles holds. */
  readonly roleNames: readonly string[];
};

/** What came back with a browser. `refused`: by the provider, or what it sent is not for us; `away`: it does not answer. */
export type Arrival =
  | { readonly kind: "person"; readonly person: Person }
  | { readonly kind: "refused"; readonly code: string }
  | { readonly kind: "away" };

export type ProviderSettings = {
  readonly issuer: string;
  readonly clientId: string;
  /** Undefined: a public client. */
  readonly clientSecret: string | undefined;
  /** Both as they are registered at the provider. */
  readonly redirectUrl: string;
  readonly loggedOutUrl: string;
  readonly scope: string;
  readonly roleClaim: string;
};

/** Of each question to the provider. */
const ASK_SECONDS = 5;

const isLoopback = ({ hostname }: URL): boolean => ["localhost", "127.0.0.1", "[::1]"].includes(hostname);

/** By `client_secret_basic`, which every provider has unless it says otherwise. */
const clientAuth = (secret: string | undefined): oidc.ClientAuth => {
  if (secret === undefined) return oidc.None();
  const [basic, post] = [oidc.ClientSecretBasic(secret), oidc.ClientSecretPost(secret)];
  return (server, client, body, headers) => {
    const supported = server.token_endpoint_auth_methods_supported;
    const auth = supported === undefined || supported.includes("client_secret_basic") ? basic : post;
    return auth(server, client, body, headers);
  };
};

const discover = ({ issuer, clientId, clientSecret }: ProviderSettings): Promise<oidc.Configuration> => {
  const url = new URL(issuer);
  // The signature of an id token is checked, too: over plain http on loopback nothing else says whose it is.
  const execute = [oidc.enableNonRepudiationChecks, ...(isLoopback(url) ? [oidc.allowInsecureRequests] : [])];
  return oidc.discovery(url, clientId, undefined, clientAuth(clientSecret), { execute, timeout: ASK_SECONDS });
};

const AWAY = ["OAUTH_TIMEOUT", "OAUTH_ABORT"];

/** Ours are words of the protocol; a provider's own is shown only where it looks like one. */
const wordOf = (code: unknown): string => (/^[A-Za-z_]{1,60}$/.test(String(code)) ? String(code) : "unnamed");

const failureOf = (error: unknown): Exclude<Arrival, { kind: "person" }> => {
  if (error instanceof oidc.AuthorizationResponseError || error instanceof oidc.ResponseBodyError)
    return { kind: "refused", code: wordOf(error.error) };
  if (error instanceof oidc.WWWAuthenticateChallengeError) return { kind: "refused", code: "unauthorized" };
  if (error instanceof oidc.ClientError && !AWAY.includes(error.code ?? ""))
    return { kind: "refused", code: wordOf(error.code) };
  // What `fetch` throws has another class on each runtime.
  return { kind: "away" };
};

/**
 * A provider of identities (OpenID Connect): the code flow with PKCE, state and nonce. Issuer, audience, times and signature of the id
 * token are checked. Nothing rejects. It is asked for its addresses at the first login, so it may be away when the dashboard starts.
 */
export const createProvider = (settings: ProviderSettings) => {
  let known: Promise<oidc.Configuration> | null = null;
  const configuration = (): Promise<oidc.Configuration> => {
    known ??= discover(settings).catch((error: unknown) => {
      known = null;
      throw error;
    });
    return known;
  };

  const personOf = async (
    provider: oidc.Configuration,
    tokens: Awaited<ReturnType<typeof oidc.authorizationCodeGrant>>,
  ) => {
    const claims = tokens.claims();
    if (claims === undefined) return null;
    const { roleClaim } = settings;
    // Some tell groups and addresses at the userinfo endpoint only, for a token of the same subject.
    const isWhole =
      claimOf(claims, roleClaim) !== undefined || provider.serverMetadata().userinfo_endpoint === undefined;
    const all = isWhole
      ? claims
      : { ...(await oidc.fetchUserInfo(provider, tokens.access_token, claims.sub)), ...claims };
    return { subject: claims.sub, label: labelOf(all), roleNames: namesOf(claimOf(all, roleClaim)) };
  };

  return {
    name: new URL(settings.issuer).host,
    /** Where the browser goes, and what it keeps. Null: the provider does not answer. */
    begin: async (): Promise<{ readonly url: string; readonly flow: Flow } | null> => {
      const flow = { state: oidc.randomState(), nonce: oidc.randomNonce(), verifier: oidc.randomPKCECodeVerifier() };
      const challenge = await oidc.calculatePKCECodeChallenge(flow.verifier);
      const provider = await configuration().catch(() => null);
      if (provider === null) return null;
      const url = oidc.buildAuthorizationUrl(provider, {
        redirect_uri: settings.redirectUrl,
        scope: settings.scope,
        state: flow.state,
        nonce: flow.nonce,
        code_challenge: challenge,
        code_challenge_method: "S256",
      });
      return { url: url.href, flow };
    },
    /** `query` is that of the address with which the browser came back. */
    finish: async (query: string, { state, nonce, verifier }: Flow): Promise<Arrival> => {
      const url = new URL(settings.redirectUrl);
      url.search = query;
      try {
        const provider = await configuration();
        const checks = {
          expectedState: state,
          expectedNonce: nonce,
          pkceCodeVerifier: verifier,
          idTokenExpected: true,
        };
        const person = await personOf(provider, await oidc.authorizationCodeGrant(provider, url, checks));
        return person === null ? { kind: "refused", code: "no_id_token" } : { kind: "person", person };
      } catch (error) {
        return failureOf(error);
      }
    },
    /** Where one is logged out of the provider, too. Null: it has no such place, or does not answer. */
    endUrl: async (): Promise<string | null> => {
      const provider = await configuration().catch(() => null);
      if (provider?.serverMetadata().end_session_endpoint === undefined) return null;
      return oidc.buildEndSessionUrl(provider, { post_logout_redirect_uri: settings.loggedOutUrl }).href;
    },
  };
};

export type Provider = ReturnType<typeof createProvider>;
