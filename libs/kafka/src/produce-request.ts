/** What goes to one partition in a request. */
export type PartitionBatch = { readonly topic: string; readonly partition: number; readonly batch: Buffer };

/** What the broker says of one partition of a request. */
export type PartitionAnswer = {
  readonly topic: string;
  readonly partition: number;
  readonly errorCode: number;
  readonly baseOffset: bigint;
  /** Indexes of the records that it refuses; none where it does not name them. */
  readonly refused: readonly number[];
};

export type ProduceAnswer = { readonly partitions: readonly PartitionAnswer[]; readonly throttleMs: number };

const ACKS_ALL = -1;
/** Names each refused record (KIP-467). */
const NAMES_REFUSED = 8;

const byTopic = (batches: readonly PartitionBatch[]): ReadonlyMap<string, readonly PartitionBatch[]> => {
  const topics = new Map<string, PartitionBatch[]>();
  for (const one of batches) {
    const same = topics.get(one.topic);
    if (same) same.push(one);
    else topics.set(one.topic, [one]);
  }
  return topics;
};

/**
 * The body of a Produce request, version 3 to 8 (they differ in their answers only), acks=all. No partition may stand in it twice: a broker keeps the
 * last and answers once, so that the first would be lost as confirmed.
 */
export const produceBody = (batches: readonly PartitionBatch[], acksMs: number): Buffer => {
  const topics = byTopic(batches);
  let length = 2 + 2 + 4 + 4;
  for (const name of topics.keys()) length += 2 + Buffer.byteLength(name) + 4;
  for (const { batch } of batches) length += 4 + 4 + batch.length;
  const body = Buffer.allocUnsafe(length);
  let at = body.writeInt16BE(-1, 0);
  at = body.writeInt16BE(ACKS_ALL, at);
  at = body.writeInt32BE(acksMs, at);
  at = body.writeInt32BE(topics.size, at);
  for (const [name, partitions] of topics) {
    const nameLength = body.write(name, at + 2);
    at = body.writeInt16BE(nameLength, at) + nameLength;
    at = body.writeInt32BE(partitions.length, at);
    for (const { partition, batch } of partitions) {
      at = body.writeInt32BE(partition, at);
      at = body.writeInt32BE(batch.length, at);
      at += batch.copy(body, at);
    }
  }
  return body;
};

/** Reads what Kafka writes; throws a RangeError at an answer that ends too early. */
class Reader {
  #at = 0;
  readonly #bytes: Buffer;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  int16(): number {
    this.#at += 2;
    return this.#bytes.readInt16BE(this.#at - 2);
  }

  int32(): number {
    this.#at += 4;
    return this.#bytes.readInt32BE(this.#at - 4);
  }

  int64(): bigint {
    this.#at += 8;
    return this.#bytes.readBigInt64BE(this.#at - 8);
  }

  /** Empty for null. */
  text(): string {
    const length = Math.max(0, this.int16());
    this.#at += length;
    if (this.#at > this.#bytes.length) throw new RangeError("the answer ends in a text");
    return this.#bytes.toString("utf8", this.#at - length, this.#at);
  }

  /** Empty for null. */
  array<T>(read: () => T): T[] {
    const items: T[] = [];
    for (let left = this.int32(); left > 0; left--) items.push(read());
    return items;
  }
}

const refusedIn = (reader: Reader): readonly number[] => {
  const refused = reader.array(() => {
    const index = reader.int32();
    reader.text();
    return index;
  });
  reader.text();
  return refused;
};

/** The answer to a Produce request of version 5 to 8. */
export const readProduceAnswer = (bytes: Buffer, version: number): ProduceAnswer => {
  const reader = new Reader(bytes);
  const partitions: PartitionAnswer[] = [];
  reader.array(() => {
    const topic = reader.text();
    reader.array(() => {
      const partition = reader.int32();
      const errorCode = reader.int16();
      const baseOffset = reader.int64();
      // The time that a topic with LogAppendTime gave them, and where its log starts.
      reader.int64();
      reader.int64();
      partitions.push({
        topic,
        partition,
        errorCode,
        baseOffset,
        refused: version >= NAMES_REFUSED ? refusedIn(reader) : [],
      });
    });
  });
  return { partitions, throttleMs: reader.int32() };
};
