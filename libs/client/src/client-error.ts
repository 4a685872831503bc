/**
 * Why `send` did not take an event. Its `code`:
 * `queue_full`: as many events or bytes wait as may. `closed`: after `close`. `not_json`: JSON cannot say it.
 * `store_failed`: the store did not take it, or could not be opened; `cause` says why.
 */
export class ClientError extends Error {
  override readonly name = "ClientError";
  readonly code: "queue_full" | "closed" | "not_json" | "store_failed";

  constructor(code: ClientError["code"], message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
  }
}
