/**
 * A reply of Redis: strings are bytes, and a `string` is an integer in digits, since 64 bits do not fit a number.
 * An Error is an error reply, or a Fault in place of a reply.
 */
export type Reply = null | number | string | Buffer | Error | readonly Reply[];

const isOk = (bytes: Buffer) => bytes.length === 2 && bytes[0] === 0x4f && bytes[1] === 0x4b;

const encodeValue = (reply: Reply, base64: boolean): string => {
  if (reply === null) return "null";
  if (typeof reply === "number") return String(reply);
  if (typeof reply === "string") return reply;
  if (Buffer.isBuffer(reply)) return base64 ? `"${reply.toString("base64")}"` : JSON.stringify(reply.toString("utf8"));
  if (reply instanceof Error) return encodeError(reply.message);
  let text = "";
  for (const item of reply) text += (text === "" ? "" : ",") + encodeValue(item, base64);
  return `[${text}]`;
};

export const encodeError = (message: string) => `{"error":${JSON.stringify(message)}}`;

/** One reply as the protocol writes it; "OK" alone stays readable in base64, which the client expects at the top only. */
export const encodeReply = (reply: Reply, base64: boolean): string => {
  if (reply instanceof Error) return encodeError(reply.message);
  if (Buffer.isBuffer(reply) && isOk(reply)) return '{"result":"OK"}';
  return `{"result":${encodeValue(reply, base64)}}`;
};

export const encodeReplies = (replies: readonly Reply[], base64: boolean): string => {
  let text = "";
  for (const reply of replies) text += (text === "" ? "" : ",") + encodeReply(reply, base64);
  return `[${text}]`;
};
