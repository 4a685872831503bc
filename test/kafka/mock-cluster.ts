import { mkdirSync, readFileSync, renameSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { provide } from "./debian.ts";

const PRODUCE = 0;

/** librdkafka's mock of a Kafka cluster, for the answers that nobody can talk a real broker into. */
export type MockCluster = {
  readonly brokers: readonly string[];
  createTopic(name: string, partitions: number): Promise<void>;
  /** The next Produce requests are answered so, one code each; 0 is no error. */
  answerProduce(codes: readonly number[]): Promise<void>;
  stop(): Promise<void>;
};

const source = new URL("mockkafka.c", import.meta.url);

const compile = async (): Promise<string> => {
  const hash = new Bun.CryptoHasher("sha256").update(readFileSync(source)).digest("hex").slice(0, 16);
  const folder = join(tmpdir(), `spillway-mockkafka-${hash}`);
  const binary = join(folder, "mockkafka");
  const build = () => {
    mkdirSync(folder, { recursive: true });
    // Under another name until it is whole, since two tests may build at once.
    const work = `${binary}.${crypto.randomUUID()}`;
    const built = Bun.spawnSync(["gcc", "-O2", "-o", work, Bun.fileURLToPath(source), "-lrdkafka"], { stderr: "pipe" });
    if (built.success) renameSync(work, binary);
    return built.success;
  };
  await provide({
    isThere: () => Bun.which("gcc") !== null && build(),
    packages: ["gcc", "libc6-dev", "librdkafka-dev"],
    otherwise: "brew install gcc librdkafka",
  });
  return binary;
};

export const startMockCluster = async (): Promise<MockCluster> => {
  const child = Bun.spawn([await compile(), "1"], { stdin: "pipe", stdout: "pipe", stderr: "ignore" });
  const lines = createInterface({ input: Readable.fromWeb(child.stdout as never) })[Symbol.asyncIterator]();
  const line = async (): Promise<string> => {
    const { value, done } = await lines.next();
    if (done) throw new Error("the mock cluster has ended");
    return value;
  };
  const tell = async (...words: readonly (string | number)[]): Promise<void> => {
    child.stdin.write(`${words.join(" ")}\n`);
    await child.stdin.flush();
    const answer = await line();
    if (answer !== "ok 0") throw new Error(`the mock cluster answers "${answer}" to "${words.join(" ")}"`);
  };
  return {
    brokers: (await line()).split(","),
    createTopic: (name, partitions) => tell("topic", name, partitions, 1),
    answerProduce: (codes) => tell("err", PRODUCE, ...codes),
    stop: async () => {
      child.kill();
      await child.exited;
    },
  };
};
