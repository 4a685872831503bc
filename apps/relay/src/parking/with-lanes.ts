import type { Lane } from "../partition/lane.ts";

/**
 * So many are with the lanes that go, at once: a good one behind some that the topic refuses has to be among them, or nobody
 * could tell the two apart.
 */
const ROWS_MAX = 2_000;
const BYTES_MAX = 8 * 1024 * 1024;
/** A lane that stands still keeps so many; its others are passed over, so that those of other lanes come out. */
const LANE_ROWS_MAX = 500;
const LANE_BYTES_MAX = 1024 * 1024;

type Load = { rows: number; bytes: number };

/** Which rows of a lot are with which lanes, and which were passed over since their lane stands still. State alone. */
export const createWithLanes = () => {
  /** By where they came from, since an id may be given again. */
  const rows = new Map<string, { readonly lane: Lane; readonly bytes: number }>();
  const loads = new Map<Lane, Load>();
  /** The first row that was passed over; none behind it may go before it. */
  const passed = new Map<Lane, bigint>();

  const loadOf = (lane: Lane): Load => {
    const load = loads.get(lane) ?? { rows: 0, bytes: 0 };
    loads.set(lane, load);
    return load;
  };

  const isFull = (lane: Lane): boolean => {
    const load = loadOf(lane);
    return lane.stillness !== null && (load.rows >= LANE_ROWS_MAX || load.bytes >= LANE_BYTES_MAX);
  };

  return {
    get size() {
      return rows.size;
    },
    get passedOver() {
      return passed.size;
    },
    has: (place: string): boolean => rows.has(place),
    /** Whether the row may go to its lane now; if not, it is passed over. */
    mayGo: (id: string, lane: Lane): boolean => {
      if (!passed.has(lane) && !isFull(lane)) return true;
      if (!passed.has(lane)) passed.set(lane, BigInt(id));
      return false;
    },
    add: (place: string, lane: Lane, bytes: number): void => {
      const load = loadOf(lane);
      rows.set(place, { lane, bytes });
      load.rows++;
      load.bytes += bytes;
    },
    remove: (place: string): void => {
      const row = rows.get(place);
      if (row === undefined) throw new Error(`row ${place} leaves a lane where it is not`);
      const load = loadOf(row.lane);
      rows.delete(place);
      load.rows--;
      load.bytes -= row.bytes;
    },
    /** Those that go have enough. */
    get isFull() {
      const going = [...loads].filter(([lane]) => lane.stillness === null).map(([, load]) => load);
      const sum = (of: keyof Load) => going.reduce((total, load) => total + load[of], 0);
      return sum("rows") >= ROWS_MAX || sum("bytes") >= BYTES_MAX;
    },
    /** Behind which id to read again, since a lane whose rows were passed over has room; null: there is none. */
    resume: (): string | null => {
      if (![...passed.keys()].some((lane) => !isFull(lane))) return null;
      const [first] = [...passed.values()].toSorted((a, b) => Number(a - b));
      passed.clear();
      return first === undefined ? null : String(first - 1n);
    },
  };
};
