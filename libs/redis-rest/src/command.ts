/** One Redis command: its name in upper case and its arguments, byte strings from a path body included. */
export type Command = {
  readonly name: string;
  readonly args: (string | Buffer)[];
};

/** Why a request is answered with 400 before Redis sees it. The text never quotes the request. */
export type Malformed = { readonly malformed: string };

export const malformed = (reason: string): Malformed => ({ malformed: `ERR ${reason}` });
