/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import type { Job, JobCounts } from "@spillway/dead-letters";
import { Deciding, type DecidingToken } from "../deciding.tsx";
import { countOf } from "../format.ts";
import { Shown } from "../shown.tsx";
import { Table } from "../table.tsx";
import { Ago, Moment } from "../time.tsx";
import { aboutOf, resultOf, STATES, skippedOf, VERBS } from "./words.ts";

const BUTTONS: Readonly<Record<Job["state"], readonly (readonly [move: string, name: string])[]>> = {
  running: [
    ["pause", "Pause"],
    ["cancel", "Cancel"],
  ],
  paused: [
    ["resume", "Go on with"],
    ["cancel", "Cancel"],
  ],
  stopped: [
    ["resume", "Go on with"],
    ["cancel", "Cancel"],
  ],
  arriving: [],
  done: [],
  cancelled: [],
};

type JobPageProps = {
  readonly job: Job;
  readonly counts: JobCounts;
  /** Sent twice, the form undoes once. */
  readonly orderKey: string;
  readonly formToken: DecidingToken;
};

const Buttons = ({ job, counts, orderKey, formToken }: JobPageProps) => {
  const isUndoable = job.kind === "discard" && job.state !== "running" && counts.decided > 0;
  return (
    <Deciding class="act" formToken={formToken}>
      <input type="hidden" name="order" value={orderKey} />
      {BUTTONS[job.state].map(([move, name]) => (
        <button type="submit" formaction={`/jobs/${job.id}/${move}`}>
          {name} job {job.id}
        </button>
      ))}
      {isUndoable ? (
        <button type="submit" formaction={`/jobs/${job.id}/undo`}>
          Undo: let the {countOf(counts.decided)} wait again
        </button>
      ) : null}
    </Deciding>
  );
};

/** One job, while it runs and for good. */
export const JobPage = (props: JobPageProps) => {
  const { job, counts } = props;
  const looked = counts.decided + skippedOf(job.skipped);
  // A plan counts the first of many: beyond them nobody knows how many there are.
  const isBeyond = looked >= job.planned && job.state === "running";
  return (
    <article>
      <p>
        <a href="/jobs">All jobs</a>
      </p>
      <h2>
        Job {job.id}: {VERBS[job.kind].will} {countOf(job.planned)} of <Shown text={aboutOf(job)} />
      </h2>
      <p class="state">
        <strong>{STATES[job.state]}</strong>
      </p>
      <p>
        <progress max={Math.max(1, job.planned)} value={isBeyond ? undefined : looked} aria-label={`Job ${job.id}`} />{" "}
        {resultOf(job, counts)}
      </p>
      <Buttons {...props} />
      <dl class="facts">
        <dt>Begun</dt>
        <dd>
          <Moment ms={job.createdAtMs} /> by <Shown text={job.actor} /> from <Shown text={job.address} />
        </dd>
        {job.endedAtMs === null ? null : (
          <>
            <dt>Over</dt>
            <dd>
              <Moment ms={job.endedAtMs} />
            </dd>
          </>
        )}
        <dt>Reason</dt>
        <dd>
          <Shown text={job.reason} />
        </dd>
        <dt>Rate</dt>
        <dd>{countOf(job.rate)} letters a second at most</dd>
        {job.kind === "replay" ? (
          <>
            <dt>Stops</dt>
            <dd>when more than {countOf(job.deathsMax)} died again</dd>
          </>
        ) : null}
        <dt>Filter</dt>
        <dd>
          <code>
            <Shown text={JSON.stringify(job.filter)} />
          </code>
        </dd>
      </dl>
    </article>
  );
};

type JobsProps = { readonly jobs: readonly Job[]; readonly older: string | null; readonly nowMs: number };

/** All jobs, whoever began them, the newest first. */
export const JobsPage = ({ jobs, older, nowMs }: JobsProps) => (
  <section>
    <Table
      class="letters"
      caption="Jobs: many dead letters decided at once"
      columns={{ Job: "text", State: "text", Who: "text", Begun: "number" }}
      rows={jobs}
      none="No job was begun yet: find dead letters, and replay or discard what the filter finds."
      line={(job) => (
        <tr>
          <th scope="row">
            <a href={`/jobs/${job.id}`}>
              {job.id}: {VERBS[job.kind].will} {countOf(job.planned)} of <Shown text={aboutOf(job)} max={100} />
            </a>
          </th>
          <td data-name="State">{STATES[job.state]}</td>
          <td data-name="Who">
            <Shown text={job.actor} max={80} />
          </td>
          <td class="number" data-name="Begun">
            <Ago ms={job.createdAtMs} nowMs={nowMs} />
          </td>
        </tr>
      )}
    />
    {older === null ? null : (
      <a rel="next" href={`/jobs?before=${older}`}>
        Older
      </a>
    )}
  </section>
);
