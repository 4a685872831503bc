/** One thing that is wrong with a schema or with data. `pointer` is a JSON pointer into it. */
export type Fault = { readonly pointer: string; readonly detail: string };

/** Who has seen ten faults knows what to look at. */
export const FAULTS_MAX = 10;

/** A step of a JSON pointer. */
export const step = (name: string): string => `/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`;
