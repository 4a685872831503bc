import { expect, test } from "vitest";
import { brokerProperties, newClusterId } from "./log-folder.ts";

const parse = (text: string) =>
  Object.fromEntries(
    text
      .trimEnd()
      .split("\n")
      .map((line) => line.split(/=(.*)/s)),
  );

test("a single broker listens on loopback and copies its internal topics once", () => {
  const settings = parse(
    brokerProperties({ nodeId: 1, port: 9001, nodes: 1, controllers: [9002], clusterId: "x" }, "/data/log"),
  );
  expect(settings).toMatchObject({
    listeners: "PLAINTEXT://127.0.0.1:9001,CONTROLLER://127.0.0.1:9002",
    "controller.quorum.voters": "1@127.0.0.1:9002",
    "offsets.topic.replication.factor": "1",
    "auto.create.topics.enable": "false",
    "log.dirs": "/data/log",
  });
});

test("a node of three knows all voters, and a setting given by the caller wins", () => {
  const config = { nodeId: 2, port: 9001, nodes: 3, controllers: [1, 2, 3], clusterId: "x" };
  const settings = parse(brokerProperties({ ...config, settings: { "min.insync.replicas": "1" } }, "/log"));
  expect(settings).toMatchObject({
    "controller.quorum.voters": "1@127.0.0.1:1,2@127.0.0.1:2,3@127.0.0.1:3",
    listeners: "PLAINTEXT://127.0.0.1:9001,CONTROLLER://127.0.0.1:2",
    "default.replication.factor": "3",
    "min.insync.replicas": "1",
  });
});

test("a node without a port for it is no controller", () => {
  const config = { nodeId: 2, port: 9001, nodes: 3, controllers: [1], clusterId: "x" };
  expect(parse(brokerProperties(config, "/log"))).toMatchObject({
    "process.roles": "broker",
    "controller.quorum.voters": "1@127.0.0.1:1",
    listeners: "PLAINTEXT://127.0.0.1:9001",
    "default.replication.factor": "3",
  });
});

test("a cluster id never starts with a dash, which the format tool takes for an option", () => {
  for (let i = 0; i < 2_000; i++) expect(newClusterId()).toMatch(/^[A-Za-z0-9_][A-Za-z0-9_-]{21}$/);
});
