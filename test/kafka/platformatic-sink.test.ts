import { createPlatformaticSink } from "@spillway/kafka";
import { sinkConformance } from "../conformance/sink.ts";
import { sinkOnBroker } from "./broker.ts";

sinkConformance("platformatic", () => sinkOnBroker(createPlatformaticSink));
