/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import type { Child } from "hono/jsx";
import { Unknown } from "./state.tsx";

type TableProps<Row> = {
  readonly class?: string;
  readonly caption: string;
  readonly columns: Readonly<Record<string, "text" | "number">>;
  /** Null: they could not be read. */
  readonly rows: readonly Row[] | null;
  /** What stands there when there are none. */
  readonly none?: string;
  readonly line: (row: Row) => Child;
};

export const Table = <Row,>({ class: kind, caption, columns, rows, none = "None.", line }: TableProps<Row>) => (
  <table class={kind}>
    <caption>{caption}</caption>
    <thead>
      <tr>
        {Object.entries(columns).map(([name, holds]) => (
          <th scope="col" class={holds === "number" ? "number" : undefined}>
            {name}
          </th>
        ))}
      </tr>
    </thead>
    <tbody>
      {rows === null || rows.length === 0 ? (
        <tr>
          <td colspan={Object.keys(columns).length}>{rows === null ? <Unknown /> : none}</td>
        </tr>
      ) : (
        rows.map(line)
      )}
    </tbody>
  </table>
);
