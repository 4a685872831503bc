const form = /^[\w-]{1,128}$/;

/**
 * The request's id: the sender's own if it is 1 to 128 of A-Z a-z 0-9 _ -, else a new one. New ones count up behind a
 * prefix that is drawn once per process: a random id per request costs as much as the rest of the headers.
 */
export const createRequestIds = (random: () => number) => {
  const prefix = Array.from({ length: 12 }, () => Math.floor(random() * 36).toString(36)).join("");
  let count = 0;
  return (sent: string | null): string =>
    sent !== null && form.test(sent) ? sent : `${prefix}-${(++count).toString(36)}`;
};
