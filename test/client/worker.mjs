import { createClient } from "@spillway/client";
import { createFileStore } from "@spillway/client/file-store";

/* Sends what it is told to, and says of each that it was taken. Runs where the package is installed. */
const [url, key, path, from, count] = process.argv.slice(2);
const client = createClient({ url, key, store: createFileStore(path), lingerMs: 20, timeoutMs: 2_000 });
for (let n = Number(from); n < Number(from) + Number(count); n++) {
  const subject = `key-${n % 8}`;
  const { id } = await client.send({ type: "client.test", subject, data: { seq: n } });
  process.stdout.write(`${JSON.stringify({ id, key: subject, seq: n })}\n`);
}
const { unsent } = await client.close();
process.stdout.write(`${JSON.stringify({ unsent })}\n`);
