import type { ProviderSettings } from "@spillway/oidc";
import { readRoleNames } from "@spillway/oidc";
import { ROLES, type Role } from "@spillway/operators";
import {
  type Environment,
  httpUrl,
  isLoopback,
  matching,
  ok,
  optional,
  refused,
  type Setting,
  secretText,
  type Values,
  withDefault,
} from "@spillway/service";

/** As it is written: an issuer with a slash at its end is another one than without. */
const issuerUrl: Setting<string> = {
  accepts: "the https URL that the provider calls itself by, http on loopback only",
  shown: "url",
  read: (text) => {
    const reading = httpUrl().read(text);
    if (reading.kind === "refused") return reading;
    const { protocol, hostname } = new URL(text);
    return protocol === "https:" || isLoopback(hostname)
      ? ok(text)
      : refused("whose tokens anybody on the way can read");
  },
};

const roleNames: Setting<string> = {
  accepts: "what of the provider's is which role, such as spillway-admins=operator,staff=viewer",
  shown: "text",
  read: (text) => (readRoleNames(text, ROLES) === null ? refused() : ok(text)),
};

export const identitySettings = () => ({
  /** Where browsers find the dashboard, without BASE_PATH: what the provider leads back to. */
  PUBLIC_URL: optional(httpUrl()),
  OIDC_ISSUER: optional(issuerUrl),
  OIDC_CLIENT_ID: optional(matching(/^[\x21-\x7e]{1,255}$/, "the client's id at the provider")),
  OIDC_CLIENT_SECRET: optional(secretText("the client's secret at the provider")),
  OIDC_SCOPE: withDefault(
    matching(/^openid( [\x21\x23-\x5b\x5d-\x7e]+)*$/, "scopes, openid first"),
    "openid email profile",
  ),
  OIDC_ROLE_CLAIM: withDefault(matching(/^[\x21-\x7e]{1,255}$/, "the name of a claim, or a path with dots"), "roles"),
  OIDC_ROLES: withDefault(roleNames, "viewer=viewer,operator=operator"),
});

/** A half of it is none, and who wanted it finds out at the start. */
export const identityProblems = (environment: Environment): readonly string[] =>
  environment.OIDC_ISSUER
    ? ["PUBLIC_URL", "OIDC_CLIENT_ID"]
        .filter((name) => !environment[name])
        .map((name) => `${name}: got nothing; OIDC_ISSUER needs it`)
    : [];

export type IdentitySettings = ProviderSettings & { readonly roles: ReadonlyMap<string, Role> };

type Read = Values<ReturnType<typeof identitySettings>> & { readonly BASE_PATH: string };

export const identityOf = (values: Read): IdentitySettings | null => {
  const { PUBLIC_URL, OIDC_ISSUER, OIDC_CLIENT_ID, BASE_PATH } = values;
  if (PUBLIC_URL === undefined || OIDC_ISSUER === undefined || OIDC_CLIENT_ID === undefined) return null;
  return {
    issuer: OIDC_ISSUER,
    clientId: OIDC_CLIENT_ID,
    clientSecret: values.OIDC_CLIENT_SECRET,
    redirectUrl: `${PUBLIC_URL}${BASE_PATH}/login/provider`,
    loggedOutUrl: `${PUBLIC_URL}${BASE_PATH}/login`,
    scope: values.OIDC_SCOPE,
    roleClaim: values.OIDC_ROLE_CLAIM,
    roles: readRoleNames(values.OIDC_ROLES, ROLES) ?? new Map(),
  };
};
