/** What one member says in Prometheus's text format. */
export type Said = { readonly member: number; readonly text: string };

type Family = { readonly head: string[]; readonly samples: string[] };

const withMember = (sample: string, member: number): string => {
  const at = sample.search(/[{ ]/);
  const [name, rest] = [sample.slice(0, at), sample.slice(at)];
  return rest.startsWith("{") ? `${name}{member="${member}",${rest.slice(1)}` : `${name}{member="${member}"}${rest}`;
};

/** One exposition of all: each metric once, its samples with a label `member`. In the order of the first that has it. */
export const mergedMetrics = (all: readonly Said[]): string => {
  const families = new Map<string, Family>();
  for (const { member, text } of all) {
    let family: Family = { head: [], samples: [] };
    for (const line of text.split("\n")) {
      if (line.startsWith("# HELP ")) {
        const name = line.split(" ", 3)[2] ?? "";
        family = families.get(name) ?? { head: [line], samples: [] };
        families.set(name, family);
      } else if (line.startsWith("# TYPE ")) {
        if (family.head.length === 1) family.head.push(line);
      } else if (line !== "") family.samples.push(withMember(line, member));
    }
  }
  return `${[...families.values()].flatMap(({ head, samples }) => [...head, ...samples]).join("\n")}\n`;
};
