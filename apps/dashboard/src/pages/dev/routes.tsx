/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import { answerDone, answerFramed, answerMessage, decidingToken } from "../../answers.tsx";
import { type DevStack, PROCESSES, type ProcessName, type ProcessState } from "../../dev/stack.ts";
import type { AddPage } from "../../env.ts";
import { CLASSES } from "../dead-letters/query.ts";
import { Deciding, type DecidingToken } from "../deciding.tsx";
import { manyOf } from "../format.ts";
import { Table } from "../table.tsx";

const COUNT_MAX = 1_000;

type DevProps = {
  readonly states: Readonly<Record<ProcessName, ProcessState>>;
  readonly formToken: DecidingToken;
};

const ProcessLine = ({
  name,
  state,
  formToken,
}: { name: ProcessName; state: ProcessState } & Pick<DevProps, "formToken">) => (
  <tr id={`process-${name}`}>
    <th scope="row">{name}</th>
    <td data-label="State">{state}</td>
    <td>
      {state === "absent" ? null : (
        <Deciding class="act" action={`/dev/${name}/${state === "frozen" ? "wake" : "freeze"}`} formToken={formToken}>
          <button type="submit">{state === "frozen" ? `Let ${name} go on` : `Freeze ${name}`}</button>
        </Deciding>
      )}
    </td>
  </tr>
);

const Count = ({ value }: { readonly value: number }) => (
  <label>
    How many, at most {COUNT_MAX} <input name="count" inputmode="numeric" required value={value} />
  </label>
);

const DevPage = ({ states, formToken }: DevProps) => (
  <>
    <p class="hint">Only in development and on loopback: what is done here is done to the stack of this machine.</p>
    <section>
      <Table
        class="rows"
        caption="Break and mend: a frozen process holds its connections, and answers nothing"
        columns={{ Process: "text", State: "text", Do: "text" }}
        rows={PROCESSES}
        line={(name) => <ProcessLine name={name} state={states[name]} formToken={formToken} />}
      />
    </section>
    <h2>Send events</h2>
    <Deciding class="decide" action="/dev/send" formToken={formToken}>
      <Count value={100} />
      <button type="submit">Send events to the edge</button>
    </Deciding>
    <h2>Seed dead letters</h2>
    <Deciding class="decide" action="/dev/seed" formToken={formToken}>
      <label>
        Class{" "}
        <select name="class">
          {CLASSES.map((name) => (
            <option value={name}>{name}</option>
          ))}
        </select>
      </label>
      <Count value={10} />
      <button type="submit">Seed dead letters</button>
    </Deciding>
  </>
);

const countIn = (text: string | undefined): number | null => {
  const count = /^\d{1,4}$/.test(text ?? "") ? Number(text) : 0;
  return count >= 1 && count <= COUNT_MAX ? count : null;
};

const SIGNALS = { freeze: ["SIGSTOP", "frozen"], wake: ["SIGCONT", "going on"] } as const;

const addActions = (app: Parameters<AddPage>[0], ports: Parameters<AddPage>[1], dev: DevStack): void => {
  for (const name of PROCESSES)
    for (const [verb, [signal, what]] of Object.entries(SIGNALS))
      app.post(`/dev/${name}/${verb}`, async (c) => {
        const isDone = await dev.signal(name, signal);
        return answerDone(c, ports, "/dev", isDone ? `${name} is ${what}.` : `There is no ${name} here.`);
      });
  app.post("/dev/send", async (c) => {
    const count = countIn(c.get("fields").get("count"));
    if (count === null) return answerMessage(c, 422, `Send 1 to ${COUNT_MAX} events.`);
    return answerDone(c, ports, "/dev", await dev.send(count));
  });
  app.post("/dev/seed", async (c) => {
    const count = countIn(c.get("fields").get("count"));
    const kind = CLASSES.find((name) => name === c.get("fields").get("class"));
    if (count === null || kind === undefined) return answerMessage(c, 422, `Seed 1 to ${COUNT_MAX} of a class.`);
    await dev.seed(kind, count);
    return answerDone(c, ports, "/dev", `${manyOf(count, "dead letter")} of the class ${kind} wait.`);
  });
};

/** `/dev`, which is no page at all unless the settings of a development on loopback name the devstack's file. */
export const addDev: AddPage = (app, ports) => {
  const { dev } = ports;
  if (dev === null) return;
  app.get("/dev", async (c) => {
    const page = <DevPage states={await dev.states()} formToken={decidingToken(c)} />;
    return answerFramed(c, ports, { page: "dev" }, page);
  });
  addActions(app, ports, dev);
};
