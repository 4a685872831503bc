/** What is done with an event that breaks the schema of its type: nothing, its answer says so, or it is refused. */
export const schemaModes = ["off", "warn", "enforce"] as const;
export type SchemaMode = (typeof schemaModes)[number];

/** A JSON Schema as it was registered. */
export type SchemaVersion = {
  /** Of all types together. */
  readonly id: number;
  /** From 1, without gaps. */
  readonly version: number;
  readonly schema: string;
};

export type TypeSchemas = {
  readonly type: string;
  readonly mode: SchemaMode;
  /** The oldest first; one at least. */
  readonly versions: readonly SchemaVersion[];
};

/** What has to be known before something is registered. */
export type SchemaPlace = {
  /** Null: the type has none. */
  readonly known: TypeSchemas | null;
  readonly types: number;
  /** Bytes of all schemas of all types. */
  readonly bytes: number;
};

/** What was registered, by somebody who follows it. */
export type SchemaChanges = {
  /** The number of the last change; less than what was asked for where the store went back. */
  readonly change: number;
  /** The types that were changed since, whole. */
  readonly changed: readonly TypeSchemas[];
};

/** Schemas by the type of their events. Versions are added, never changed and never taken away. Everything rejects with `Unavailable`. */
export type SchemaStore = {
  place(type: string): Promise<SchemaPlace>;
  /**
   * Adds this version, in the mode that is given or that the type has, `warn` for a new one. Null: somebody else has added it, and nothing was
   * changed. Repeating is safe.
   */
  add(
    type: string,
    version: number,
    schema: string,
    mode: SchemaMode | null,
    registeredBy: string,
  ): Promise<{ readonly id: number } | null>;
  /** False: there is no such type. */
  setMode(type: string, mode: SchemaMode): Promise<boolean>;
  /** All that was changed after this number, in one look: nothing that was changed before is missed by asking from `change` on. */
  changesSince(change: number, deadlineMs: number): Promise<SchemaChanges>;
};
