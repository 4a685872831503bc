/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import { Layout } from "./layout.tsx";

export const LoginPage = ({ problem }: { problem: string | null }) => (
  <Layout title="Spillway: log in">
    <main class="login">
      <h1>Spillway</h1>
      {problem === null ? null : (
        <p class="notice bad" role="alert">
          {problem}
        </p>
      )}
      <form method="post" action="/login">
        <label for="password">Password</label>
        <input id="password" name="password" type="password" autocomplete="current-password" required autofocus />
        <button type="submit">Log in</button>
      </form>
      <p class="hint">
        It is <code>DASHBOARD_PASSWORD</code>; <code>npm start</code> prints the one of this machine.
      </p>
    </main>
  </Layout>
);
