/** @jsxRuntime automatic @jsxImportSource hono/jsx */

import type { Point } from "../../history/history.ts";
import type { Overview } from "../../watch/watch.ts";
import type { DecidingToken } from "../deciding.tsx";
import { Plots } from "../plots.tsx";
import { AccountLine, FlowLine } from "./account.tsx";
import { Path } from "./path.tsx";
import { Over, Verdict } from "./verdict.tsx";

type OverviewProps = {
  readonly overview: Overview;
  readonly points: readonly Point[];
  readonly formToken: DecidingToken;
};

export const OverviewPage = ({ overview, points, formToken }: OverviewProps) => (
  <>
    <Verdict overview={overview} formToken={formToken} />
    <AccountLine overview={overview} />
    <FlowLine overview={overview} />
    <Plots of="minutes" points={points} overview={overview} />
    <Path overview={overview} />
    <Over overview={overview} />
  </>
);
