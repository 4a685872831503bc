/**
 * What a loop is about, as one of a few names, each of which may be entered from some of the others only. Anything else is a
 * programmer's error: it throws, which fails a test and ends the relay; its leases run out, and the streams hold what another one needs.
 */
export type Mode<Name extends string> = {
  readonly now: Name;
  is(...names: readonly Name[]): boolean;
  enter(next: Name): void;
};

export type EnteredFrom<Name extends string> = { readonly [Next in Name]: readonly Name[] };

export const createMode = <Name extends string>(
  whose: string,
  enteredFrom: EnteredFrom<NoInfer<Name>>,
  first: Name,
): Mode<Name> => {
  let now: Name = first;
  return {
    get now() {
      return now;
    },
    is: (...names) => names.includes(now),
    enter: (next) => {
      const from = enteredFrom[next];
      if (!from.includes(now)) throw new Error(`${whose} can only enter ${next} from ${from.join(", ")}; it is ${now}`);
      now = next;
    },
  };
};
