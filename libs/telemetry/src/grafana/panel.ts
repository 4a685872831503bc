import {
  BigValueColorMode,
  BigValueGraphMode,
  BigValueTextMode,
  GraphThresholdsStyleConfigBuilder,
  GraphThresholdsStyleMode,
  ReduceDataOptionsBuilder,
  VizLegendOptionsBuilder,
} from "@grafana/grafana-foundation-sdk/common";
import {
  DashboardLinkBuilder,
  DashboardLinkType,
  MappingType,
  ThresholdsConfigBuilder,
  ThresholdsMode,
} from "@grafana/grafana-foundation-sdk/dashboard";
import { DataqueryBuilder } from "@grafana/grafana-foundation-sdk/prometheus";
import { PanelBuilder as StatBuilder } from "@grafana/grafana-foundation-sdk/stat";
import { PanelBuilder as GraphBuilder } from "@grafana/grafana-foundation-sdk/timeseries";
import { comparisonOf } from "./alerts.ts";

/** The variable that says which Prometheus. */
export const PROMETHEUS = { type: "prometheus", uid: `\${prometheus}` };

/** Grafana's names of units. */
type Unit = "s" | "bytes" | "short" | "percentunit" | "cps" | "reqps" | "none" | "bool";

export type PanelSpec = {
  readonly title: string;
  readonly unit: Unit;
  /** What to do, or where that stands. */
  readonly says: string;
  /** Each with what its series are called. */
  readonly queries: readonly (readonly [expr: string, legend: string])[];
  /** Whose number is the threshold, and whose page of the runbook is linked. */
  readonly alert?: string;
  /** Other pages of the runbook, of alerts whose number is none of this panel. */
  readonly pages?: readonly string[];
  /** Where red begins, for an alert that compares metrics, of which this is the quotient. */
  readonly redFrom?: number;
  /** `stat`: the value of now as text; else a graph. */
  readonly as?: "stat" | "graph";
  /** What the values are called, where they stand for something. */
  readonly words?: Readonly<Record<number, string>>;
  /** Of 24; 8 unless told. */
  readonly width?: number;
  /** What stands there while there is nothing. */
  readonly nothing?: string;
  /** Shows the traces of events, where Prometheus keeps them. */
  readonly hasTraces?: boolean;
};

const ROW_HEIGHT = 7;
const STAT_HEIGHT = 4;

/** Grafana colours what is equal to a step, too. */
const LEAST = 1e-9;

const thresholdsOf = ({ alert, redFrom }: PanelSpec): ThresholdsConfigBuilder | null => {
  const comparison = alert === undefined ? null : comparisonOf(alert);
  const steps = new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute);
  const step = (value: number | null, color: string) => ({ value, color });
  if (redFrom !== undefined) return steps.steps([step(null, "green"), step(redFrom, "red")]);
  if (comparison === null) return null;
  const { operator, limit } = comparison;
  if (operator === "==" && limit === 0) return steps.steps([step(null, "red"), step(LEAST, "green")]);
  return steps.steps([step(null, "green"), step(operator === ">" ? limit + LEAST : limit, "red")]);
};

const linkOf = (page: string) =>
  new DashboardLinkBuilder(`Runbook: ${page}`)
    .type(DashboardLinkType.Link)
    .url(`\${runbook}/${page}.md`)
    .targetBlank(true);

const queriesOf = ({ queries, hasTraces = false }: PanelSpec) =>
  queries.map(([expr, legend], at) =>
    new DataqueryBuilder()
      .datasource(PROMETHEUS)
      .refId(String.fromCharCode("A".charCodeAt(0) + at))
      .expr(expr)
      .exemplar(hasTraces)
      .legendFormat(legend),
  );

const pagesOf = ({ alert, pages = [] }: PanelSpec): readonly string[] =>
  alert === undefined ? pages : [alert, ...pages];

const textOf = (spec: PanelSpec): string =>
  [spec.says, ...pagesOf(spec).map((page) => `Runbook: libs/telemetry/runbook/${page}.md`)].join("\n\n");

const graph = () =>
  new GraphBuilder()
    .height(ROW_HEIGHT)
    .min(0)
    .fillOpacity(8)
    .legend(new VizLegendOptionsBuilder().showLegend(true).calcs(["lastNotNull", "max"]))
    .thresholdsStyle(new GraphThresholdsStyleConfigBuilder().mode(GraphThresholdsStyleMode.Dashed));

const stat = () =>
  new StatBuilder()
    .height(STAT_HEIGHT)
    .graphMode(BigValueGraphMode.None)
    .colorMode(BigValueColorMode.Background)
    .textMode(BigValueTextMode.ValueAndName)
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(["lastNotNull"]));

export const panelOf = (spec: PanelSpec) => {
  const { title, unit, words, width = 8, nothing } = spec;
  const panel = (spec.as === "stat" ? stat() : graph())
    .title(title)
    .description(textOf(spec))
    .datasource(PROMETHEUS)
    .unit(unit)
    .span(width)
    .links(pagesOf(spec).map(linkOf))
    .targets(queriesOf(spec));
  const thresholds = thresholdsOf(spec);
  if (thresholds !== null) panel.thresholds(thresholds);
  if (nothing !== undefined) panel.noValue(nothing);
  if (words !== undefined) {
    const options = Object.fromEntries(Object.entries(words).map(([value, text]) => [value, { text }]));
    panel.mappings([{ type: MappingType.ValueToText, options }]);
  }
  return panel;
};
