import { decodeChunk, type InstallationKeeper, type Keyed, type Lease, type Outcome } from "@spillway/event";
import { platform } from "@spillway/event/platform-node";
import type { Backend } from "@spillway/memory";
import { behind, eachCall, mapPorts, type RelayPorts } from "@spillway/relay/ports.ts";
import type { Backends, Keepers } from "./backends.ts";
import { createDrainPort } from "./drain-port.ts";
import { type Ask, createAsk, PATIENCE_MS, type RelayNetwork } from "./relay-network.ts";
import { createStreamPort } from "./stream-port.ts";

/** Probability that a publish whose answer is lost landed only in part. */
const PART_LANDS = 0.2;

const createLeasesPort = ({ leases }: Backends, { watch }: RelayNetwork, ask: Ask): RelayPorts["leases"] => ({
  announce: (owner, ttlMs) => ask("redis", "announce", () => leases.announce(owner, ttlMs)),
  withdraw: (owner) => ask("redis", "withdraw", () => leases.withdraw(owner)),
  take: (shard, owner, ttlMs, above) =>
    ask("redis", `take ${shard}`, async () => {
      const lease = await leases.take(shard, owner, ttlMs, above);
      if (lease) watch.leaseHeld(lease, ttlMs);
      return lease;
    }),
  renew: (lease, ttlMs) =>
    ask("redis", `renew ${lease.shard}`, async () => {
      const renewed = await leases.renew(lease, ttlMs);
      if (renewed) watch.leaseHeld(lease, ttlMs);
      return renewed;
    }),
  release: (lease: Lease) => {
    watch.leaseGivenUp(lease.shard);
    return ask("redis", `release ${lease.shard}`, () => leases.release(lease));
  },
});

const createSinkPort = (
  { sink }: Backends,
  { process, random, busyRate, watch, history, books }: RelayNetwork,
  ask: Ask,
): RelayPorts["sink"] => {
  const whenItFails = (code: string) => ({ kind: "retriable" as const, code });
  return {
    partitions: (topic) => ask("kafka", `partitions ${topic}`, () => sink.partitions(topic), { fail: whenItFails }),
    publish: async (topic, partition, records, mayStart) => {
      // It waits behind what its broker is busy with.
      if (random.chance(busyRate)) await process.clock.sleep(random.below(PATIENCE_MS.kafka));
      if (!mayStart()) return { kind: "retriable", code: "not_wanted" };
      const done = watch.publishStarts(topic, partition, records);
      const name = `publish ${topic}/${partition} ${records.length} from ${records[0]?.headers["spillway-entry"]}`;
      const land = (heard: boolean) => {
        const part = !heard && random.chance(PART_LANDS) ? records.slice(0, random.below(records.length)) : records;
        return sink.publish(topic, partition, part, () => true);
      };
      const outcome = await ask<Outcome>("kafka", name, land, { fail: whenItFails });
      done();
      // Whoever is told so knows it, and nobody else.
      if (outcome.kind === "ok")
        for (const { value } of records) {
          const record = history.ofText(new TextDecoder().decode(value));
          if (record) books.confirmed(record, process.name);
        }
      return outcome;
    },
    health: () => sink.health(),
    close: () => sink.close(),
  };
};

const createParkingPort = (
  { parking }: Backends,
  { process, history, books }: RelayNetwork,
  ask: Ask,
): RelayPorts["parking"] => ({
  ...eachCall(parking, (call, method) => ask("postgres", `parking.${method}`, call)),
  put: async (lease, topic, events, limits, by) => {
    const chunks = events.map(({ chunk }) => decodeChunk(chunk, platform));
    const records = chunks.flatMap((chunk) =>
      chunk.events.flatMap(({ dedupKey }) => history.ofDedupKey(dedupKey) ?? []),
    );
    const put = await ask("postgres", "parking.put", async () => {
      const answer = await parking.put(lease, topic, events, limits, by);
      if (answer.kind === "ok") records.forEach(books.parked);
      return answer;
    });
    if (put.kind === "ok") for (const record of records) books.heardParked(record, process.name);
    return put;
  },
});

/** What a copy says of the stream is true from the moment in which it is kept; a statement that comes late may find no row (670304 where Redis goes back). */
const createCopiesPort = ({ copies }: Backends, { books, process }: RelayNetwork, ask: Ask): RelayPorts["copies"] => {
  const naming = (name: string, give: (rows: readonly Keyed[]) => Promise<void>) => async (rows: readonly Keyed[]) => {
    const named = rows.flatMap((row) => row.named ?? []);
    const told = async (heard: boolean): Promise<void> => {
      await give(rows);
      if (heard) named.forEach(books.named);
    };
    try {
      await ask("postgres", `copies.${name}`, told);
    } catch (error) {
      for (const one of named) books.unnamed(one, process.name);
      throw error;
    }
  };
  return {
    ...eachCall(copies, (call, method) => ask("postgres", `copies.${method}`, call)),
    keep: naming("keep", copies.keep),
    rekey: naming("rekey", copies.rekey),
  };
};

const createLedgerPort = (
  { ledger }: Backends,
  { process, timeline, books }: RelayNetwork,
  ask: Ask,
): RelayPorts["ledger"] => ({
  record: (positions, deadlineMs) => {
    const sentAtMs = timeline.nowMs();
    return ask("postgres", "ledger.record", async () => {
      await ledger.record(positions, deadlineMs);
      books.recorded(process.name, sentAtMs);
      for (const { writer, ended } of positions) if (ended.length > 0) books.toldEnded(writer, process.name);
    });
  },
  retire: (shard, rows) => ask("postgres", `retire ${shard}`, () => ledger.retire(shard, rows)),
  fold: (shard, rows) => ask("postgres", `fold ${shard}`, () => ledger.fold(shard, rows)),
  checkpoint: (lease, sequence, copy) =>
    ask("postgres", `checkpoint ${lease.shard}`, async () => {
      const answer = await ledger.checkpoint(lease, sequence, copy);
      if (!answer.late) books.copied(process.name, lease.shard, copy);
      return answer;
    }),
});

/** Ports of whose calls more is watched, or that fail in ways of their own. */
type Special = { readonly [Name in keyof RelayPorts]?: (...of: [Backends, RelayNetwork, Ask]) => RelayPorts[Name] };
const special: Special = {
  shardStream: createStreamPort,
  leases: createLeasesPort,
  outboxDrain: createDrainPort,
  ledger: createLedgerPort,
  parking: createParkingPort,
  copies: createCopiesPort,
  sink: createSinkPort,
};

/** One relay's view of its backends through the network. */
export const createRelayPorts = (backends: Backends, network: RelayNetwork): RelayPorts & Keepers => {
  const ask = createAsk(network.call);
  const keeper = (backend: Backend, port: InstallationKeeper) =>
    eachCall(port, (call, method) => ask(backend, `installation.${method}`, call));
  /** What is recorded in an emptied Redis diverts its shards. */
  const redis: InstallationKeeper = {
    ...backends.redisInstallation,
    record: async (claim, deadlineMs) => {
      const recorded = await backends.redisInstallation.record(claim, deadlineMs);
      for (let shard = 0; shard < recorded.shards; shard++)
        if (network.streams.diverted(shard)) network.history.divert(shard, true);
      return recorded;
    },
  };
  const ports = mapPorts(
    backends,
    (port, name) =>
      special[name]?.(backends, network, ask) ??
      eachCall(port, (call, method) => ask(behind[name], `${name}.${method}`, call)),
  );
  return {
    ...ports,
    redis: keeper("redis", redis),
    postgres: keeper("postgres", backends.postgresInstallation),
  };
};
