/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import { Layout } from "./layout.tsx";

/** A page that says one thing, and leads on. */
export const MessagePage = ({ text, to }: { readonly text: string; readonly to: "/" | "/login" }) => (
  <Layout title="Spillway">
    <main class="login">
      <h1>Spillway</h1>
      <p class="notice bad" role="alert">
        {text}
      </p>
      <p>
        <a href={to}>{to === "/" ? "Back to the dashboard" : "Log in"}</a>
      </p>
    </main>
  </Layout>
);
