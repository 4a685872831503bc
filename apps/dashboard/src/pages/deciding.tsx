/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import type { Child } from "hono/jsx";

/** What a form that decides something carries; null: whoever looks may decide nothing, and is offered nothing. */
export type DecidingToken = string | null;

type DecidingProps = {
  readonly formToken: DecidingToken;
  readonly class?: string;
  /** Absent: each of its buttons has one of its own. */
  readonly action?: string;
  readonly children: Child;
};

/** A form of an operator's. That it is refused from anybody else is the server's work. */
export const Deciding = ({ formToken, action, children, class: kind }: DecidingProps) =>
  formToken === null ? null : (
    <form method="post" action={action} class={kind}>
      <input type="hidden" name="form_token" value={formToken} />
      {children}
    </form>
  );
