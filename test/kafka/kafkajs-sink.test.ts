import { createKafkajsSink } from "@spillway/kafka";
import { sinkConformance } from "../conformance/sink.ts";
import { sinkOnBroker } from "./broker.ts";

sinkConformance("kafkajs", () => sinkOnBroker(createKafkajsSink));
