/**
 * Whom an address counts for: an IPv4 address for itself, an IPv6 address for its /64, since whoever has one of those
 * addresses has 2⁶⁴ of them. An address that is not known is one client, too.
 */
export const clientOf = (address: string): string => {
  const v4 = /^(?:::ffff:)?(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (v4 !== undefined) return v4;
  const [head = "", tail] = address.replace(/%.*/, "").toLowerCase().split(/::/);
  const groups = head === "" ? [] : head.split(":");
  const after = tail === undefined || tail === "" ? [] : tail.split(":");
  if (tail !== undefined) while (groups.length + after.length < 8) groups.push("0");
  return [...groups, ...after].slice(0, 4).join(":");
};
