/** The environment of this process with `extra` laid over it: what a child of the devstack is given. */
export const childEnvironment = (extra: Readonly<Record<string, string>> = {}): Record<string, string> => {
  const inherited: Record<string, string> = {};
  for (const [name, value] of Object.entries(process.env)) {
    if (value !== undefined) inherited[name] = value;
  }
  return { ...inherited, ...extra };
};

/** Folders of the executable search path, in order. */
export const searchPath = (): string[] => (process.env.PATH ?? "").split(":").filter((folder) => folder !== "");

export const javaHome = (): string | undefined => process.env.JAVA_HOME || undefined;

/** Where what was downloaded is kept between runs. */
export const cacheFolder = (): string => {
  const base = process.env.XDG_CACHE_HOME || `${process.env.HOME ?? "/tmp"}/.cache`;
  return `${base}/spillway`;
};
