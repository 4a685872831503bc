import { testOutages } from "./told-outages.ts";

testOutages("a Redis that does not answer", "a Postgres that is gone");
