/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import type { Child } from "hono/jsx";

type LayoutProps = {
  readonly title: string;
  /** Without scripts it is asked for again, as what is on it moves. */
  readonly isMoving?: boolean;
  readonly children: Child;
};

export const Layout = ({ title, isMoving = false, children }: LayoutProps) => (
  <html lang="en">
    <head>
      <meta charset="utf-8" />
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <meta name="color-scheme" content="light dark" />
      {isMoving ? (
        <noscript>
          <meta http-equiv="refresh" content="2" />
        </noscript>
      ) : null}
      <title>{title}</title>
      <link rel="icon" href="/icon.svg" type="image/svg+xml" />
      <link rel="stylesheet" href="/app.css" />
    </head>
    <body>{children}</body>
  </html>
);
