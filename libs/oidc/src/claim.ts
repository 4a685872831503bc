/** What a provider says of somebody. Its users may have chosen parts of it: text, and nothing more. */
export type Claims = Readonly<Record<string, unknown>>;

const LABEL_LENGTH_MAX = 100;

const isRecord = (value: unknown): value is Claims =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const textOf = (value: unknown): string | null => {
  if (typeof value !== "string") return null;
  const text = value.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, "").trim();
  return text === "" ? null : text.slice(0, LABEL_LENGTH_MAX);
};

/** A claim by its name, which may be a URL; else by a path, `realm_access.roles`. Own properties alone. */
export const claimOf = (claims: Claims, name: string): unknown => {
  if (Object.hasOwn(claims, name)) return claims[name];
  let value: unknown = claims;
  for (const part of name.split(".")) {
    if (!isRecord(value) || !Object.hasOwn(value, part)) return undefined;
    value = value[part];
  }
  return value;
};

/** What a claim of roles holds: one text, or several. What is neither is none. */
export const namesOf = (claim: unknown): readonly string[] => {
  if (typeof claim === "string") return [claim];
  return Array.isArray(claim) ? claim.filter((name): name is string => typeof name === "string") : [];
};

/** What somebody is called. An address that nobody has verified can be anybody's, so it names nobody. */
export const labelOf = (claims: Claims): string | null => {
  const isVerified = claims.email_verified !== false && claims.email_verified !== "false";
  return (isVerified ? textOf(claims.email) : null) ?? textOf(claims.preferred_username) ?? textOf(claims.name);
};

/** `admins=operator,staff=viewer`: what of a provider's is which role. Null: it is not written like this. */
export const readRoleNames = <Role extends string>(
  text: string,
  roles: readonly Role[],
): ReadonlyMap<string, Role> | null => {
  const names = new Map<string, Role>();
  for (const part of text.split(",")) {
    const equals = part.lastIndexOf("=");
    const name = part.slice(0, Math.max(0, equals)).trim();
    const role = roles.find((each) => each === part.slice(equals + 1).trim());
    if (name === "" || role === undefined || names.has(name)) return null;
    names.set(name, role);
  }
  return names;
};
