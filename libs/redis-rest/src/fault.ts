const texts = {
  unavailable: { status: 503, text: "UNAVAILABLE Redis is not connected; the command was not sent" },
  noDatabase: { status: 503, text: "UNAVAILABLE Redis has no such database; the command was not sent" },
  busy: { status: 503, text: "BUSY too many request bytes are in flight; the command was not sent" },
  lost: { status: 502, text: "LOST the connection to Redis broke before the reply; the command may have run" },
  late: { status: 504, text: "TIMEOUT Redis did not reply in time; the command may have run, or may still run" },
  crossSlot: { status: 400, text: "CROSSSLOT the keys of a transaction must hash to one slot" },
} as const;

/** What went wrong on the way to Redis or back; Redis's own error replies are replies. */
export class Fault extends Error {
  override readonly name = "Fault";
  readonly status: number;

  constructor(kind: keyof typeof texts) {
    super(texts[kind].text);
    this.status = texts[kind].status;
    // The text says all; thousands may be made while Redis is down.
    this.stack = "";
  }
}

/** ioredis tells its own failures apart by their text only. */
const kinds: readonly (readonly [prefix: string, kind: keyof typeof texts])[] = [
  ["Stream isn't writeable", "unavailable"],
  ["Cluster isn't ready", "unavailable"],
  ["All the keys in a pipeline", "crossSlot"],
  ["All keys in the pipeline", "crossSlot"],
];

/** Redis's own error as it is, or the fault that an error of the client means; anything unknown may have run. */
export const toReplyOrFault = (error: Error): Error => {
  if (error.name === "ReplyError") return error;
  return new Fault(kinds.find(([prefix]) => error.message.startsWith(prefix))?.[1] ?? "lost");
};
