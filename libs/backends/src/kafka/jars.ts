import { randomUUID } from "node:crypto";
import { mkdir, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { cacheFolder } from "../config.ts";
import { findExecutable, runCommand } from "../process/command.ts";
import { provide } from "../provision/debian.ts";
import { NotProvided, REMEDIES } from "../provision/refusal.ts";
import { type Say, withProgress } from "../provision/say.ts";

const KAFKA_VERSION = "4.3.1";
/** The version of the slf4j-api that this Kafka depends on; another binding is silently ignored. */
const SLF4J_VERSION = "1.7.36";
const FETCHING = `kafka-${KAFKA_VERSION}.fetching-`;
const ABANDONED_MS = 3_600_000;

const POM = `<project>
  <modelVersion>4.0.0</modelVersion>
  <groupId>spillway</groupId>
  <artifactId>kafka</artifactId>
  <version>1</version>
  <dependencies>
    <dependency>
      <groupId>org.apache.kafka</groupId>
      <artifactId>kafka_2.13</artifactId>
      <version>${KAFKA_VERSION}</version>
    </dependency>
    <dependency>
      <groupId>org.slf4j</groupId>
      <artifactId>slf4j-simple</artifactId>
      <version>${SLF4J_VERSION}</version>
    </dependency>
  </dependencies>
</project>
`;

const isComplete = async (lib: string): Promise<boolean> => {
  const names: string[] = await readdir(lib).catch(() => []);
  return names.includes(`kafka_2.13-${KAFKA_VERSION}.jar`);
};

const provideMaven = (say: Say): Promise<string> =>
  provide(() => findExecutable("mvn"), {
    missing: () => "no Maven to fetch the broker with",
    debianPackages: ["maven"],
    remedy: REMEDIES.kafka,
    say,
  });

/** A fetch that was killed leaves its folder; one that is an hour old belongs to nobody. */
const removeAbandoned = async (cache: string): Promise<void> => {
  for (const name of await readdir(cache)) {
    if (!name.startsWith(FETCHING)) continue;
    const folder = join(cache, name);
    const { mtimeMs } = await stat(folder).catch(() => ({ mtimeMs: Date.now() }));
    if (Date.now() - mtimeMs > ABANDONED_MS) await rm(folder, { recursive: true, force: true });
  }
};

/**
 * The folder with the broker's jars, fetched once with Maven. It is filled under another name and renamed, so that
 * it is whole or absent, and two processes at once are safe: the later one throws its own away. Throws NotProvided.
 */
export const provideKafkaJars = async (say: Say, cache = cacheFolder()): Promise<string> => {
  const lib = join(cache, `kafka-${KAFKA_VERSION}`);
  if (await isComplete(lib)) return lib;
  const maven = await provideMaven(say);
  const work = join(cache, `${FETCHING}${randomUUID()}`);
  await mkdir(join(work, "lib"), { recursive: true });
  await removeAbandoned(cache);
  try {
    await writeFile(join(work, "pom.xml"), POM);
    const args = [
      "-q",
      "-B",
      "-Dstyle.color=never",
      "-f",
      "pom.xml",
      "dependency:copy-dependencies",
      "-DoutputDirectory=lib",
    ];
    const { code, output } = await withProgress(
      say,
      `fetching Apache Kafka ${KAFKA_VERSION} (54 MB) with Maven, once, into ${lib}`,
      () => runCommand(maven, args, { cwd: work }),
    );
    if (code !== 0 || !(await isComplete(join(work, "lib")))) {
      throw new NotProvided(REMEDIES.kafka, `Maven could not fetch the broker: ${output.trim().slice(-600)}`);
    }
    await rename(join(work, "lib"), lib).catch(async (error) => {
      if (!(await isComplete(lib))) throw error;
    });
    return lib;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
};
