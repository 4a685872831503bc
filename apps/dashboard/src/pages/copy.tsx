/** @jsxRuntime automatic @jsxImportSource hono/jsx */

/** Longer texts are copied from the download. */
const COPIED_LENGTH_MAX = 300;

type CopyProps = { readonly text: string | null; readonly what: string };

/** Copies a text as it was sent. Shown by the script, which does it. */
export const Copy = ({ text, what }: CopyProps) =>
  text === null || text.length > COPIED_LENGTH_MAX ? null : (
    <button type="button" class="copy" data-copy={text} aria-label={`Copy ${what}`} hidden>
      Copy
    </button>
  );

/** The same of what stands in an element, or behind a link. */
export const CopyOf = ({ id, what }: { readonly id: string; readonly what: string }) => (
  <button type="button" class="copy" data-copy-of={id} aria-label={`Copy ${what}`} hidden>
    Copy
  </button>
);
