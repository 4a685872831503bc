import { connect } from "node:net";
import { systemClock } from "@spillway/event";

/**
 * What is written, in this order; a number is a wait in milliseconds, `shut` the end of the client's side, `answer` a wait
 * for one more. A `busy` client writes all that follows before it reads, as `http.client` of Python and `fetch` of Node do.
 */
export type Step = string | Uint8Array | number | "shut" | "answer" | "busy";

type Answer = { readonly status: number; readonly headers: string; readonly body: string };
type Exchange = { readonly answers: readonly Answer[]; readonly ended: boolean };

/** Every answer of the edge declares its length; 1xx and those that Bun gives by itself have no body. */
const parse = (text: string): Answer[] => {
  const answers: Answer[] = [];
  for (let at = 0; at < text.length; ) {
    const end = text.indexOf("\r\n\r\n", at);
    if (end < 0) break;
    const headers = text.slice(at, end);
    const length = Number(/content-length: (\d+)/i.exec(headers)?.[1] ?? 0);
    if (end + 4 + length > text.length) break;
    answers.push({ status: Number(headers.slice(9, 12)), headers, body: text.slice(end + 4, end + 4 + length) });
    at = end + 4 + length;
  }
  return answers;
};

/**
 * Talks bytes to a server. Returns when it has ended the connection, or when `enough` whole answers are there; `ended` says
 * which. What the server does with what is written after its end is none of the client's concern.
 */
export const exchange = async (url: string, steps: readonly Step[], enough = Infinity): Promise<Exchange> => {
  const { hostname, port } = new URL(url);
  const socket = connect({ port: Number(port), host: hostname, allowHalfOpen: true }).setNoDelay(true);
  let text = "";
  let ended = false;
  let awaited = 0;
  let onText = (): void => undefined;
  const over = new Promise<void>((resolve) => {
    const end = () => {
      ended = true;
      onText();
      resolve();
    };
    socket.on("data", (bytes) => {
      text += bytes.toString("latin1");
      onText();
      if (parse(text).length >= enough) resolve();
    });
    socket.on("end", end).on("close", end).on("error", end);
  });
  await new Promise<void>((resolve) => socket.once("connect", resolve));
  const answer = (): Promise<void> =>
    new Promise((resolve) => {
      awaited++;
      onText = () => {
        if (ended || parse(text).length >= awaited) resolve();
      };
      onText();
    });
  const isBusy = steps.includes("busy");
  for (const step of steps) {
    if (step === "shut") socket.end();
    else if (step === "busy") socket.pause();
    else if (step === "answer") await answer();
    else if (typeof step === "number") await systemClock.sleep(step);
    else socket.write(typeof step === "string" ? Buffer.from(step, "latin1") : step);
  }
  if (isBusy) await new Promise<void>((resolve) => socket.write("", () => resolve()));
  socket.resume();
  await over;
  socket.destroy();
  return { answers: parse(text), ended };
};
