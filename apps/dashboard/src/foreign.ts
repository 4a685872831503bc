/**
 * Whether another site's page made the browser send this: what browsers say by themselves, which a page cannot change.
 * `Sec-Fetch-Site` comes over https and to localhost only; else `Origin` must name the host that was asked, as the
 * client wrote it (a proxy may write another into `Host`). What is no browser sends neither.
 */
export const isForeign = (headers: Headers): boolean => {
  const site = headers.get("sec-fetch-site");
  if (site !== null) return site !== "same-origin" && site !== "none";
  const origin = headers.get("origin");
  if (origin === null) return false;
  const hosts = [headers.get("host"), headers.get("x-forwarded-host")];
  return !URL.canParse(origin) || !hosts.includes(new URL(origin).host);
};
