import { createKafkajsSink } from "@spillway/kafka/kafkajs";
import { sinkConformance } from "../conformance/sink.ts";
import { sinkOnBroker } from "./broker.ts";

sinkConformance("kafkajs", () => sinkOnBroker(createKafkajsSink));
