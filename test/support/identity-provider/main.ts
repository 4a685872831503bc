import { type Configuration, Provider } from "oidc-provider";

/* Its own pages for development: any name and any password log in, and what somebody is follows from the name. */
const { PORT = "0", PUBLIC_URL = "", CLIENT_ID = "", CLIENT_SECRET = "" } = process.env;

const GROUPS: Readonly<Record<string, readonly string[]>> = {
  ann: ["staff", "on-call"],
  vic: ["staff"],
  nora: ["kitchen"],
};

const configuration: Configuration = {
  clients: [
    {
      client_id: CLIENT_ID,
      client_secret: CLIENT_SECRET,
      redirect_uris: [`${PUBLIC_URL}/login/provider`],
      post_logout_redirect_uris: [`${PUBLIC_URL}/login`],
    },
  ],
  findAccount: (_context, accountId) => ({
    accountId,
    claims: async () => ({
      sub: accountId,
      email: `${accountId}@example.com`,
      email_verified: true,
      roles: GROUPS[accountId] ?? [],
    }),
  }),
  claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["roles"] },
  pkce: { required: () => true },
  cookies: { keys: ["for an hour of tests"] },
};

const provider = new Provider(`http://127.0.0.1:${PORT}`, configuration);
provider.listen(Number(PORT), "127.0.0.1");
