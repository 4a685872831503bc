/** A command of more is unhandy, and a page has 60 KB. */
const INLINE_BYTES_MAX = 2_000;

/** Of what a shell and a terminal take as it is, but for the quote. */
const plain = /^(?:(?![\p{C}\p{Zl}\p{Zp}])[\s\S]|\n)*$/u;

/**
 * Posts the event's bytes as they are to the edge; key and address are the shell's variables. The bytes stand in it where they are short and hide nothing, else
 * they are those of the download.
 */
export const curlOf = (id: string, bytes: Uint8Array): string => {
  const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
  const isSame = bytes.length <= INLINE_BYTES_MAX && Buffer.from(text).equals(Buffer.from(bytes)) && plain.test(text);
  const data = isSame ? `--data-binary '${text.replaceAll("'", "'\\''")}'` : `--data-binary @letter-${id}.bin`;
  return [
    'curl -i "$EDGE_URL/v1/events" -H "authorization: Bearer $API_KEY"',
    `  -H 'content-type: application/cloudevents+json' ${data}`,
  ].join(" \\\n");
};
