import type { Running } from "@spillway/backends";
import type { ProxyMode } from "../support/proxy.ts";
import type { FaultWorld } from "./scenario.ts";

/** Something that is done to the system; it resolves when it is over. */
export type Injection = (world: FaultWorld) => Promise<void>;

export type Link = keyof FaultWorld["proxies"];
type Target = (world: FaultWorld) => Running;

const present = (process: Running | undefined): Running => {
  if (process === undefined) throw new Error("there is no such process");
  return process;
};

export const redis: Target = ({ services }) => services.redis;
export const database: Target = ({ services }) => services.postgres;
export const rest: Target = ({ services }) => services.rest;
export const kafka: Target = ({ services }) => services.kafka;
export const edge: Target = ({ pipeline }) => present(pipeline.edges[0]);
export const relay: Target = ({ pipeline }) => present(pipeline.relays[0]);
export const anotherRelay: Target = ({ pipeline }) => present(pipeline.relays[1]);
export const thirdRelay: Target = ({ pipeline }) => present(pipeline.relays[2]);
/** The second of three masters, and the second and the third of three brokers. */
export const master: Target = ({ services }) => present(services.nodes.redis[1]);
export const secondBroker: Target = ({ services }) => present(services.nodes.kafka[1]);
export const broker: Target = ({ services }) => present(services.nodes.kafka[2]);

export const pause =
  (ms: number): Injection =>
  (world) =>
    world.sleep(ms);

export const inTurn =
  (...injections: readonly Injection[]): Injection =>
  async (world) => {
    for (const inject of injections) await inject(world);
  };

export const atOnce =
  (...injections: readonly Injection[]): Injection =>
  async (world) =>
    void (await Promise.all(injections.map((inject) => inject(world))));

export const times = (count: number, ...injections: readonly Injection[]): Injection =>
  inTurn(...Array.from({ length: count }, () => injections).flat());

/** Killed −9, and back after `ms`. */
export const killedFor =
  (target: Target, ms: number): Injection =>
  async (world) => {
    const process = target(world);
    await process.kill();
    await world.sleep(ms);
    await process.restart();
  };

/** Thawed whatever comes of it: nothing could be judged by a Kafka that stands still. */
export const whileFrozen =
  (target: Target, injection: Injection): Injection =>
  async (world) => {
    await target(world).kill("SIGSTOP");
    try {
      await injection(world);
    } finally {
      await target(world).kill("SIGCONT");
    }
  };

export const frozenFor = (target: Target, ms: number): Injection => whileFrozen(target, pause(ms));

/** Told to end, and started again. */
export const restarted =
  (target: Target): Injection =>
  (world) =>
    target(world).restart();

/** A link works like this while something else happens. */
export const whileLink =
  (link: Link, mode: ProxyMode, injection: Injection): Injection =>
  async (world) => {
    world.proxies[link].set(mode);
    await injection(world);
    world.proxies[link].set({ kind: "pass" });
  };

export const broken = (link: Link, mode: ProxyMode, ms: number): Injection => whileLink(link, mode, pause(ms));

/** The outbox is the only tier while it happens. */
export const outboxOnly = (injection: Injection): Injection =>
  whileLink("edgeToRedis", { kind: "refuse" }, inTurn(pause(1_500), injection));
