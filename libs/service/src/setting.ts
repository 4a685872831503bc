/** What became of a variable's text. `why` says more than `accepts` does and holds nothing of the text. */
export type Reading<T> =
  | { readonly kind: "ok"; readonly value: T }
  | { readonly kind: "refused"; readonly why?: string };

/** How one variable is read. */
export type Setting<T> = {
  /** Ends the sentence "accepts …". */
  readonly accepts: string;
  readonly read: (text: string) => Reading<T>;
  /** What an absent variable means; one without it must be set. */
  readonly absent?: { readonly value: T };
  /** `text`: shown without what looks like a secret. `url`: the same, and what is no URL counts as one. `secret`: never. */
  readonly shown: "text" | "url" | "secret";
};

export const ok = <T>(value: T): Reading<T> => ({ kind: "ok", value });
export const refused = (why?: string): Reading<never> => ({ kind: "refused", ...(why === undefined ? {} : { why }) });

export const optional = <T>(setting: Setting<T>): Setting<T | undefined> => ({
  ...setting,
  absent: { value: undefined },
});

export const withDefault = <T>(setting: Setting<T>, value: T): Setting<T> => ({ ...setting, absent: { value } });

/** The same, where what was read must be right in one more way. */
export const checked = <T>(setting: Setting<T>, check: (value: T) => Reading<T>): Setting<T> => ({
  ...setting,
  read: (text) => {
    const reading = setting.read(text);
    return reading.kind === "ok" ? check(reading.value) : reading;
  },
});

/** Digits alone: `1e3` and `0x10` are what JavaScript reads, not what an operator means. */
export const integerOr = (min: number, max: number, absent: number): Setting<number> => ({
  accepts: `an integer from ${min} to ${max}`,
  shown: "text",
  absent: { value: absent },
  read: (text) => {
    const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
    return value >= min && value <= max ? ok(value) : refused();
  },
});

const listed = (words: readonly string[]): string =>
  words.length < 2 ? words.join() : `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;

export const oneOf = <const T extends string>(...words: readonly T[]): Setting<T> => ({
  accepts: listed(words),
  shown: "text",
  read: (text) => {
    const word = words.find((each) => each === text);
    return word === undefined ? refused() : ok(word);
  },
});

export const matching = (form: RegExp, accepts: string): Setting<string> => ({
  accepts,
  shown: "text",
  read: (text) => (form.test(text) ? ok(text) : refused()),
});

/** Several between commas, spaces around them allowed; each is read by `one`. */
export const listOf = <T>(one: Setting<T>, accepts: string): Setting<readonly T[]> => ({
  accepts,
  shown: one.shown,
  read: (text) => {
    const values: T[] = [];
    for (const part of text.split(",")) {
      const reading = one.read(part.trim());
      if (reading.kind === "refused") return reading;
      values.push(reading.value);
    }
    return ok(values);
  },
});
