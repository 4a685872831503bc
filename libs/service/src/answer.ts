/** Every answer is about one moment: nobody may keep it or guess at its type. */
export const answer = (
  status: number,
  contentType: string,
  body: string,
  headers?: Readonly<Record<string, string>>,
): Response =>
  new Response(body, {
    status,
    headers: {
      "content-type": contentType,
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
      ...headers,
    },
  });

export const answerText = (status: number, text: string, headers?: Readonly<Record<string, string>>): Response =>
  answer(status, "text/plain; charset=utf-8", `${text}\n`, headers);
