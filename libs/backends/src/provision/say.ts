/** Tells a person one line about what takes long or went wrong. */
export type Say = (line: string) => void;

export const silent: Say = () => undefined;
