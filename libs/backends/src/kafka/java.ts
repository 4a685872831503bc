import { join } from "node:path";
import { javaHome } from "../config.ts";
import { findExecutable, runCommand } from "../process/command.ts";
import { provide } from "../provision/debian.ts";
import { REMEDIES } from "../provision/refusal.ts";
import type { Say } from "../provision/say.ts";

/** Kafka 4's class files need it (measured with 17 and 25). */
const JAVA_MAJOR_MIN = 17;

/** The major version in what `java -version` prints, from "1.8.0_402" (8) to "25-ea" (25). */
export const javaMajor = (versionOutput: string): number | undefined => {
  const match = /version "(?:1\.)?(\d+)/.exec(versionOutput);
  return match?.[1] === undefined ? undefined : Number(match[1]);
};

/** The path of a Java runtime that Kafka 4 runs on; installs Debian's default one when there is none. Throws NotProvided. */
export const provideJava = (say: Say): Promise<string> => {
  let tooOld: string[] = [];
  const find = async () => {
    tooOld = [];
    const home = javaHome();
    for (const java of [home && join(home, "bin", "java"), await findExecutable("java")]) {
      if (!java) continue;
      const { code, output } = await runCommand(java, ["-version"]);
      const major = code === 0 ? javaMajor(output) : undefined;
      if (major !== undefined && major >= JAVA_MAJOR_MIN) return java;
      if (major !== undefined) tooOld.push(`${java} is version ${major}`);
    }
    return undefined;
  };
  const missing = () => [`no Java runtime of version ${JAVA_MAJOR_MIN} or newer`, ...tooOld].join("; ");
  return provide(find, { missing, debianPackages: ["default-jre-headless"], remedy: REMEDIES.kafka, say });
};
