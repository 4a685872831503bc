import { once } from "node:events";
import { mkdtempSync, readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { request as ask } from "node:http";
import { createServer } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { selfSign } from "./certificate.ts";

/** Ends TLS at https://localhost, as a proxy in front of an app does; leaves paths as they are. */
export const startTlsProxy = async (port: number, targetUrl: string) => {
  const folder = mkdtempSync(join(tmpdir(), "spillway-proxy-"));
  const [certificate, key] = [join(folder, "server.crt"), join(folder, "server.key")];
  selfSign(certificate, key);
  const target = new URL(targetUrl);
  const server = createServer({ cert: readFileSync(certificate), key: readFileSync(key) }, (request, response) => {
    const { method, url, headers } = request;
    const onward = ask({ host: target.hostname, port: target.port, method, path: url, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    onward.on("error", () => response.destroy());
    response.on("close", () => onward.destroy());
    request.pipe(onward);
  }).listen(port, "127.0.0.1");
  await once(server, "listening");
  return {
    stop: async (): Promise<void> => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await rm(folder, { recursive: true });
    },
  };
};
