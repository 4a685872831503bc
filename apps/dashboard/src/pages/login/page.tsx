/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import type { Child } from "hono/jsx";
import { Layout } from "../layout.tsx";
import { Problem, type Typed } from "../problem.tsx";

type SmallPageProps = { readonly title: string; readonly problem: string | null; readonly children: Child };

const SmallPage = ({ title, problem, children }: SmallPageProps) => (
  <Layout title={title}>
    <main class="login">
      <h1>Spillway</h1>
      {problem === null ? null : (
        <p class="notice bad" role="alert">
          {problem}
        </p>
      )}
      {children}
    </main>
  </Layout>
);

type MessageProps = { readonly text: string; readonly to: "/" | "/login"; readonly typed: Typed | null };

/** A page that says one thing, and leads on. */
export const MessagePage = ({ text, to, typed }: MessageProps) => (
  <SmallPage title="Spillway" problem={null}>
    <Problem text={text} typed={typed} formToken={null} />
    <p>
      <a href={to}>{to === "/" ? "Back to the dashboard" : "Log in"}</a>
    </p>
  </SmallPage>
);

type OnwardProps = { readonly url: string; readonly words: string };

export const OnwardPage = ({ url, words }: OnwardProps) => (
  <SmallPage title="Spillway" problem={null}>
    <p>
      <a href={url}>{words}</a>
    </p>
  </SmallPage>
);

type LoginProps = {
  readonly problem: string | null;
  readonly name: string | undefined;
  /** A form that was sent when the session was over. */
  readonly kept: string | undefined;
  /** Of identities; undefined: there is none. */
  readonly provider: string | undefined;
  /** Somebody has just logged out. */
  readonly isOut: boolean;
};

const Kept = ({ kept }: Pick<LoginProps, "kept">) => (kept ? <input type="hidden" name="kept" value={kept} /> : null);

const ByProvider = ({ provider, kept, isOut }: LoginProps) =>
  provider === undefined ? null : (
    <>
      {isOut ? (
        <form method="post" action="/logout/provider">
          <p class="notice">You are logged out here, and at {provider} you are not.</p>
          <button type="submit">Log out of {provider}, too</button>
        </form>
      ) : null}
      <form method="post" action="/login/provider">
        <Kept kept={kept} />
        <button type="submit" class="first">
          Log in with {provider}
        </button>
      </form>
      <p class="hint">Or with a name and a password:</p>
    </>
  );

export const LoginPage = (props: LoginProps) => (
  <SmallPage title="Spillway: log in" problem={props.problem}>
    <ByProvider {...props} />
    <form method="post" action="/login">
      <Kept kept={props.kept} />
      <label for="name">Name</label>
      <input id="name" name="name" autocomplete="username" required value={props.name ?? "operator"} />
      <label for="password">Password</label>
      <input
        id="password"
        name="password"
        type="password"
        autocomplete="current-password"
        required
        autofocus={props.provider === undefined}
      />
      <button type="submit">Log in</button>
    </form>
    <p class="hint">
      That of <code>operator</code> is <code>DASHBOARD_PASSWORD</code>; <code>npm start</code> prints the one of this
      machine.
    </p>
  </SmallPage>
);
