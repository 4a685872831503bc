import { createPlatformaticSink } from "@spillway/kafka/platformatic";
import { sinkConformance } from "../conformance/sink.ts";
import { sinkOnBroker } from "./broker.ts";

sinkConformance("platformatic", () => sinkOnBroker(createPlatformaticSink));
