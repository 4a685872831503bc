import type { Appended, Position, ShardChunk, WriterRow } from "@spillway/event";
import type { RelayPorts } from "@spillway/relay/ports.ts";
import type { Bug } from "./bug.ts";

const withoutFloor = (chunk: ShardChunk): ShardChunk =>
  chunk.from ? { ...chunk, from: { ...chunk.from, floor: 0 } } : chunk;

const withOwnTotal = <A extends Appended | { readonly kind: "fenced" }>(answer: A, chunk: ShardChunk): A =>
  answer.kind === "ok"
    ? { ...answer, totals: answer.totals?.filter(([writer]) => writer === chunk.from?.writer) ?? [] }
    : answer;

const recording = (seen: (position: Position) => Position): Bug => ({
  relay: (ports) => ({
    ...ports,
    ledger: {
      ...ports.ledger,
      record: (positions, deadlineMs) => ports.ledger.record(positions.map(seen), deadlineMs),
    },
  }),
});

const draining = (drain: (ports: RelayPorts) => RelayPorts["outboxDrain"]["drain"]): Bug => ({
  relay: (ports) => ({ ...ports, outboxDrain: { ...ports.outboxDrain, drain: drain(ports) } }),
});

/** Mistakes in the accounts of what was acknowledged, what Redis has had, and what met its end. */
export const bugsOfTheAccounts: Readonly<Record<string, Bug>> = {
  "a Redis that went back is written to as if nothing was, so newer events hide the loss": {
    edge: ({ stream, ...ports }) => ({
      ...ports,
      stream: {
        ...stream,
        append: (chunks, deadlineMs) => stream.append(chunks.map(withoutFloor), deadlineMs),
      },
    }),
    relay: ({ shardStream, ...ports }) => ({
      ...ports,
      shardStream: { ...shardStream, append: (lease, chunk) => shardStream.append(lease, withoutFloor(chunk)) },
    }),
  },

  "an edge acknowledges and tells nobody but the client": {
    edge: (ports) => ({ ...ports, accounts: { record: async () => undefined } }),
  },

  "a copy of the counters has more of a writer than Redis had": {
    relay: ({ ledger, ...ports }) => ({
      ...ports,
      ledger: {
        ...ledger,
        checkpoint: (lease, sequence, { counts, ...copy }) => {
          const totals = counts.totals.map(([writer, total]) => [writer, total + 1] as const);
          return ledger.checkpoint(lease, sequence, { ...copy, counts: { ...counts, totals } });
        },
      },
    }),
  },

  "a copy of the counters knows nobody who has told nothing": {
    relay: ({ ledger, ...ports }) => {
      const known = new Set<string>();
      return {
        ...ports,
        ledger: {
          ...ledger,
          checkpoint: async (lease, sequence, { counts, ...copy }) => {
            const totals = counts.totals.filter(([writer]) => known.has(writer));
            const answer = await ledger.checkpoint(lease, sequence, { ...copy, counts: { ...counts, totals } });
            for (const { writer } of answer.writers) known.add(writer);
            return answer;
          },
        },
      };
    },
  },

  "nobody answers for the first copy of a duplicate": {
    edge: ({ stream, ...ports }) => ({
      ...ports,
      stream: {
        ...stream,
        append: async (chunks, deadlineMs) =>
          (await stream.append(chunks, deadlineMs)).map((answer, i) => withOwnTotal(answer, chunks[i] as ShardChunk)),
      },
    }),
    relay: ({ shardStream, ...ports }) => ({
      ...ports,
      shardStream: {
        ...shardStream,
        append: async (lease, chunk) => withOwnTotal(await shardStream.append(lease, chunk), chunk),
      },
    }),
  },

  "a drain records afterwards what the rows that it deleted have become": draining(
    ({ outboxDrain }) =>
      (lease, rowsMax, move) =>
        outboxDrain.drain(lease, rowsMax, move, () => []),
  ),

  "what got through is not recorded": recording((position) => ({ ...position, ended: [] })),

  "a writer that was given up is forgotten while events of it wait": {
    relay: ({ ledger, ...ports }) => ({
      ...ports,
      ledger: {
        ...ledger,
        checkpoint: async (...asked) => {
          const answer = await ledger.checkpoint(...asked);
          const all: WriterRow["ended"] = [[0, Number.MAX_SAFE_INTEGER]];
          return { ...answer, writers: answer.writers.map((row) => (row.givenUp ? { ...row, ended: all } : row)) };
        },
      },
    }),
  },

  "a Postgres that went back is written to as if nothing was, so newer rows hide the loss": {
    backends: ({ ledger }, { outboxTier }) => ({
      outboxTier: {
        ...outboxTier,
        append: (chunks, deadlineMs) => {
          for (const { shard, putBy } of chunks)
            for (let had = 0; putBy && had < putBy.floor; had++)
              if (ledger.advance(shard, putBy.writer, had, putBy.floor - had)) break;
          return outboxTier.append(chunks, deadlineMs);
        },
      },
    }),
  },

  "a Postgres that went back is parked into as if nothing was, so what is parked then hides the loss": {
    backends: ({ ledger }, { parking }) => ({
      parking: {
        ...parking,
        put: (lease, topic, events, limits, by) => {
          for (let had = 0; had < by.floor; had++)
            if (ledger.advance(lease.shard, by.writer, had, by.floor - had)) break;
          return parking.put(lease, topic, events, limits, by);
        },
      },
    }),
  },

  "nobody answers for what is parked": {
    relay: ({ parking, ...ports }) => ({
      ...ports,
      parking: {
        ...parking,
        put: async (...of) => {
          const put = await parking.put(...of);
          return put.kind === "ok" ? { ...put, totals: [] } : put;
        },
      },
    }),
  },

  "what an edge has recorded it says no more": {
    edge: (ports) => {
      const told = new Map<string, number>();
      return {
        ...ports,
        accounts: {
          record: async (positions, deadlineMs) => {
            const news = positions.filter(({ writer, acknowledged }) => acknowledged > (told.get(writer) ?? 0));
            await ports.accounts.record(news, deadlineMs);
            for (const { writer, acknowledged } of news) told.set(writer, acknowledged);
          },
        },
      };
    },
  },

  "a drain acknowledges what it appends before it deletes the rows": {
    relay: ({ shardStream, ...ports }) => ({
      ...ports,
      shardStream: {
        ...shardStream,
        append: async (lease, chunk) => {
          const answer = await shardStream.append(lease, chunk);
          const totals = answer.kind === "ok" && chunk.rows ? (answer.totals ?? []) : [];
          const positions = totals.map(([writer, acknowledged]) => ({
            shard: chunk.shard,
            writer,
            acknowledged,
            ended: [],
          }));
          if (positions.length > 0) await ports.ledger.record(positions, 2_000).catch(() => "it was not heard");
          return answer;
        },
      },
    }),
  },

  "what is brought into the stream is known to Postgres only": {
    relay: ({ shardStream, ...ports }) => ({
      ...ports,
      shardStream: { ...shardStream, append: (lease, chunk) => shardStream.append(lease, { ...chunk, rows: [] }) },
    }),
  },

  "a relay answers for what it brought also when Postgres has it again": {
    relay: ({ outboxDrain, ledger, ...ports }) => {
      const told = new Map<string, Position>();
      return {
        ...ports,
        outboxDrain: {
          ...outboxDrain,
          drain: async (lease, rowsMax, move, positions = () => []) => {
            const drained = await outboxDrain.drain(lease, rowsMax, move, positions);
            if (drained.removed > 0) for (const one of positions()) told.set(`${one.shard} ${one.writer}`, one);
            return drained;
          },
        },
        ledger: {
          ...ledger,
          record: (positions, deadlineMs) => ledger.record([...told.values(), ...positions], deadlineMs),
        },
      };
    },
  },

  "a lease's token is whatever the server counts": {
    relay: (ports) => ({
      ...ports,
      leases: { ...ports.leases, take: (shard, owner, ttlMs) => ports.leases.take(shard, owner, ttlMs) },
    }),
  },
};
