import { answerReady, type Ready, type Status } from "@spillway/service";
import { mergedMetrics } from "./merged-metrics.ts";

/** What another member answers to the same request; null: nothing, in time. */
export type AskMember = (member: number, request: Request) => Promise<Response | null>;
type Answered = { readonly member: number; readonly answer: Response | null };
export type Fetch = (request: Request, addressOf: () => string | undefined) => Response | Promise<Response>;

/** Each takes its part of the connections: while one takes nothing, so does a part of the clients. */
const statusOf = (all: readonly (Status | "silent")[]): Status => {
  if (all.includes("stopping")) return "stopping";
  if (all.every((status) => status === "up")) return "up";
  return all.every((status) => status === "down" || status === "silent") ? "down" : "degraded";
};

const readyOf = async (all: readonly Answered[]): Promise<Response> => {
  const members = await Promise.all(
    all.map(async ({ member, answer }) => ({
      member,
      ...(answer === null ? ({ status: "silent" } as const) : ((await answer.json()) as Ready)),
    })),
  );
  return answerReady({ status: statusOf(members.map(({ status }) => status)), members } as Ready);
};

const metricsOf = async (all: readonly Answered[], own: Response): Promise<Response> => {
  const said = await Promise.all(
    all.map(async ({ member, answer }) => ({ member, text: answer?.ok ? await answer.text() : "" })),
  );
  return new Response(mergedMetrics(said), { headers: own.headers });
};

const isAsking = ({ method }: Request): boolean => method === "GET" || method === "HEAD";

/** Answers for all members where one is asked that does not know of the others: `/readyz` and `/metrics`, if that is answered at all. */
export const answeringForAll =
  (self: number, count: number, ask: AskMember, own: Fetch): Fetch =>
  async (asked, addressOf) => {
    const path = new URL(asked.url).pathname;
    if (!isAsking(asked) || (path !== "/readyz" && path !== "/metrics")) return own(asked, addressOf);
    const request = asked.method === "GET" ? asked : new Request(asked.url, { headers: asked.headers });
    const answer = await own(request, addressOf);
    if (path === "/metrics" && !answer.ok) return answer;
    const all = await Promise.all(
      Array.from({ length: count }, async (_, index) => {
        const member = index + 1;
        return { member, answer: member === self ? answer.clone() : await ask(member, request) };
      }),
    );
    const whole = await (path === "/readyz" ? readyOf(all) : metricsOf(all, answer));
    return asked === request ? whole : new Response(null, whole);
  };
