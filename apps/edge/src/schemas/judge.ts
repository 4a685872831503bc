import { isJsonMediaType } from "@spillway/event";
import type { Fault } from "@spillway/schemas";
import type { Metrics } from "@spillway/telemetry";
import type { KnownType, KnownVersion, SchemaCache } from "./cache.ts";

/** Data that breaks the schema of its type, and what is done about it. */
export type Verdict = { readonly isRefused: boolean; readonly faults: readonly Fault[] };

/** So many bytes are judged in one turn of the event loop. */
const TURN_BYTES = 64 * 1024;

const ourSchema = /\/schemas\/ids\/([0-9]{1,10})$/;

/** The version that an event names, where it is one of its type; else the latest. */
const versionOf = ({ versions, latest }: KnownType, dataschema: unknown): KnownVersion => {
  const [, id] = typeof dataschema === "string" ? (ourSchema.exec(dataschema) ?? []) : [];
  return id === undefined ? latest : (versions.find((version) => version.id === Number(id)) ?? latest);
};

type Parsed = { readonly [member: string]: unknown };

/** Anything else is bytes, which no schema says anything of. */
const isJson = ({ datacontenttype, data_base64 }: Parsed): boolean =>
  (data_base64 ?? null) === null && (typeof datacontenttype !== "string" || isJsonMediaType(datacontenttype));

const noData: readonly Fault[] = [{ pointer: "/data", detail: "there is no data, and its type has a schema" }];

/**
 * Judges the data of events whose type has a schema. One without costs a look into a map; the bytes of one with a schema are parsed a second time,
 * beside the ones that go on, which nobody touches.
 */
export const createSchemaJudge = (cache: Pick<SchemaCache, "find" | "isKnown">, metrics: Metrics) => {
  const checks = metrics.counter(
    "spillway_schema_checks_total",
    "Events whose type has a schema, or of which nobody knew, by what came of it.",
    ["outcome"],
  );
  const count = {
    valid: checks.of({ outcome: "valid" }),
    warned: checks.of({ outcome: "warned" }),
    refused: checks.of({ outcome: "refused" }),
    notJson: checks.of({ outcome: "not_json" }),
    notKnown: checks.of({ outcome: "not_known" }),
    notReadable: checks.of({ outcome: "not_readable" }),
  };
  const decoder = new TextDecoder();
  let turnBytes = 0;

  const faultsOf = (known: KnownType, bytes: Uint8Array): readonly Fault[] | "not_json" | "not_readable" => {
    const event = JSON.parse(decoder.decode(bytes)) as Parsed;
    if (!isJson(event)) return "not_json";
    const check = versionOf(known, event.dataschema).check();
    if (check === null) return "not_readable";
    return Object.hasOwn(event, "data") ? check(event.data, bytes.length, "/data") : noData;
  };

  const judged = (known: KnownType, bytes: Uint8Array): Verdict | null => {
    turnBytes += bytes.length;
    const faults = faultsOf(known, bytes);
    if (faults === "not_json") count.notJson.add(1);
    else if (faults === "not_readable") count.notReadable.add(1);
    else if (faults.length === 0) count.valid.add(1);
    else {
      const isRefused = known.mode === "enforce";
      (isRefused ? count.refused : count.warned).add(1);
      return { isRefused, faults };
    }
    return null;
  };

  return {
    /** Null: there is nothing to say of it. */
    of: (type: string, bytes: Uint8Array): Verdict | null => {
      const known = cache.find(type);
      if (known === undefined) {
        if (!cache.isKnown()) count.notKnown.add(1);
        return null;
      }
      return known.mode === "off" ? null : judged(known, bytes);
    },
    /** Whether so much has been judged that others should have their turn. */
    isTurnOver: (): boolean => {
      if (turnBytes < TURN_BYTES) return false;
      turnBytes = 0;
      return true;
    },
  };
};

export type SchemaJudge = ReturnType<typeof createSchemaJudge>;
