/** One Redis command: its name in upper case and its arguments, byte strings from a path body included. */
export type Command = {
  readonly name: string;
  readonly args: (string | Buffer)[];
};
