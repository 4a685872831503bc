import {
  DashboardBuilder,
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkType,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  RowBuilder,
  TextBoxVariableBuilder,
  VariableRefresh,
} from "@grafana/grafana-foundation-sdk/dashboard";
import { type PanelSpec, PROMETHEUS, panelOf } from "./panel.ts";

export type DashboardSpec = {
  readonly uid: string;
  readonly title: string;
  readonly says: string;
  /** The labels that a reader can choose values of: each with a query of Grafana's for them. */
  readonly choices?: Readonly<Record<string, string>>;
  /** From the top down. */
  readonly rows: Readonly<Record<string, readonly PanelSpec[]>>;
};

const TAG = "spillway";

const choice = (name: string, query: string) =>
  new QueryVariableBuilder(name)
    .datasource(PROMETHEUS)
    .query({ query, refId: name })
    .definition(query)
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .multi(true)
    .includeAll(true)
    .allValue(".*")
    .current({ text: "All", value: "$__all", selected: true });

/** As the file that Grafana reads: the panels numbered, so that a link to one of them goes on being right. */
export const dashboardOf = ({ uid, title, says, choices = {}, rows }: DashboardSpec) => {
  const others = new DashboardLinkBuilder("Spillway").type(DashboardLinkType.Dashboards).tags([TAG]);
  const dashboard = new DashboardBuilder(title)
    .uid(uid)
    .description(says)
    .tags([TAG])
    .timezone("browser")
    .time({ from: "now-1h", to: "now" })
    .refresh("10s")
    .tooltip(DashboardCursorSync.Crosshair)
    .link(others.keepTime(true).includeVars(true))
    .withVariable(new DatasourceVariableBuilder("prometheus").label("Prometheus").type("prometheus"))
    .withVariable(
      new TextBoxVariableBuilder("runbook")
        .label("Runbook at")
        .description("Where you keep the pages of libs/telemetry/runbook: a URL")
        .defaultValue("/public/runbook"),
    );
  for (const [name, query] of Object.entries(choices)) dashboard.withVariable(choice(name, query));
  for (const [row, panels] of Object.entries(rows)) {
    dashboard.withRow(new RowBuilder(row));
    for (const panel of panels) dashboard.withPanel(panelOf(panel));
  }
  const built = dashboard.build();
  return { ...built, panels: built.panels?.map((panel, at) => ({ ...panel, id: at + 1 })) };
};
