/** A reg-name or an IPv4 address, which may be empty, and a port: RFC 3986 3.2.2. */
const named = /^(?:[\w.~!$&'()*+,;=-]|%[\da-f]{2})*(?::\d*)?$/i;
const literal = /^\[(?:([\da-f:.]+)|v[\da-f]+\.[\w.~!$&'()*+,;=:-]+)\](?::\d*)?$/i;

const isLiteral = (host: string): boolean => {
  const parts = literal.exec(host);
  return parts !== null && (parts[1] === undefined || URL.canParse(`http://[${parts[1]}]/`));
};

/**
 * Whether a `Host` is one, or absent: RFC 9112 3.2 wants 400 for any other, and for two of them, which arrive as one with a
 * comma and a space. Bun makes the request's URL of whatever stands there (`x/livez` is a path).
 */
export const isHost = (host: string | null): boolean => host === null || named.test(host) || isLiteral(host);
