import { fileURLToPath } from "node:url";
import { type Running, startApp } from "@spillway/backends";

const CLIENT = { id: "spillway-dashboard", secret: "secret of the dashboard at its provider" };

type Options = {
  /** Of the dashboard, which is below `publicUrl`. */
  readonly publicUrl: string;
};

/** A real provider of identities (npm `oidc-provider`) as a process: whoever logs in there by a name has the role of that name. */
export const startIdentityProvider = ({ publicUrl }: Options): Promise<Running> =>
  startApp({
    name: "identity-provider",
    entry: fileURLToPath(new URL("identity-provider/main.ts", import.meta.url)),
    env: { PUBLIC_URL: publicUrl, CLIENT_ID: CLIENT.id, CLIENT_SECRET: CLIENT.secret },
    isReady: async (url) => (await fetch(`${url}/.well-known/openid-configuration`)).ok,
  });

/** The settings of a dashboard that asks it. */
export const identityEnv = (provider: Running, publicUrl: string): Readonly<Record<string, string>> => {
  const { origin, pathname } = new URL(publicUrl);
  return {
    PUBLIC_URL: origin,
    ...(pathname === "/" ? {} : { BASE_PATH: pathname }),
    OIDC_ISSUER: provider.url,
    OIDC_CLIENT_ID: CLIENT.id,
    OIDC_CLIENT_SECRET: CLIENT.secret,
    OIDC_ROLES: "on-call=operator,staff=viewer",
  };
};
