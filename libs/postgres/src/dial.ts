import { holdsCertificate, holdsPrivateKey } from "@spillway/service/pem";
import type { PostgresTls } from "./connection-settings.ts";
import type { PostgresHost } from "./connection-url.ts";

/*
 * TLS as libpq does it. postgres.js goes on with its handshake when the server has said that it offers no TLS, so that
 * nobody learns why nothing connects, and knows no authority of one's own.
 */

/** What is used of node:net, node:tls and node:fs, which Bun, Deno, Node and Workers have alike. */
type Socket = {
  once(event: string, listener: (value: never) => void): Socket;
  removeListener(event: string, listener: (value: never) => void): Socket;
  write(bytes: Uint8Array): void;
  destroy(): void;
};
type Net = {
  connect(at: { readonly host: string; readonly port: number }): Socket;
  isIP(host: string): number;
};
type Builtins = {
  (name: "node:net"): Net;
  (name: "node:tls"): { connect(options: Readonly<Record<string, unknown>>): Socket };
  (name: "node:fs"): { readFileSync(path: string, encoding: "utf8"): string };
};

const builtin = (globalThis as unknown as { process: { getBuiltinModule: Builtins } }).process?.getBuiltinModule;

const failed = (code: string): Error => Object.assign(new Error(code), { code });

/** `event`, or a rejection with the socket's error, its end, or what `signal` was aborted with. */
const once = <T>(socket: Socket, event: string, signal: AbortSignal): Promise<T> =>
  new Promise<T>((resolve, reject) => {
    const closed = (): void => settle(() => reject(failed("CONNECTION_CLOSED")));
    const late = (): void => settle(() => reject(failed("CONNECT_TIMEOUT")));
    const wrong = (error: Error): void => settle(() => reject(error));
    const happened = (value: T): void => settle(() => resolve(value));
    const settle = (outcome: () => void): void => {
      socket.removeListener(event, happened).removeListener("error", wrong).removeListener("close", closed);
      signal.removeEventListener("abort", late);
      outcome();
    };
    socket.once(event, happened).once("error", wrong).once("close", closed);
    signal.addEventListener("abort", late);
  });

const SSL_REQUEST = Uint8Array.of(0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f);

/** Whether the server offers TLS. More than its one byte would be somebody's words before the encryption starts. */
const offersTls = async (socket: Socket, signal: AbortSignal): Promise<boolean> => {
  const answered = once<Uint8Array>(socket, "data", signal);
  socket.write(SSL_REQUEST);
  const answer = await answered;
  if (answer.length !== 1) throw failed("TLS_NOT_OFFERED");
  return answer[0] === "S".charCodeAt(0);
};

const readFile = (path: string | undefined): string | undefined => {
  try {
    return path === undefined ? undefined : builtin("node:fs").readFileSync(path, "utf8");
  } catch {
    throw failed("CERTIFICATE_FILE");
  }
};

/** The parameter whose file cannot be read now, or does not hold what it should. */
export const unusableFile = (tls: PostgresTls): string | null => {
  const isKey = (text: string): boolean => holdsPrivateKey(text, tls.keyPassphrase);
  const files = [
    ["sslrootcert", tls.authorityFile, holdsCertificate],
    ["sslcert", tls.certificateFile, holdsCertificate],
    ["sslkey", tls.keyFile, isKey],
  ] as const;
  for (const [name, path, isRight] of files)
    try {
      const text = readFile(path);
      if (text !== undefined && !isRight(text)) return name;
    } catch {
      return name;
    }
  return null;
};

/** Files are read at each connection: a renewed certificate is taken without a restart. */
const tlsOptions = ({ host }: PostgresHost, tls: PostgresTls) => ({
  ...(builtin("node:net").isIP(host) === 0 && { servername: host }),
  host,
  rejectUnauthorized: tls.verified !== "nothing",
  ...(tls.verified !== "host" && { checkServerIdentity: () => undefined }),
  ca: readFile(tls.authorityFile),
  cert: readFile(tls.certificateFile),
  key: readFile(tls.keyFile),
  passphrase: tls.keyPassphrase,
  minVersion: tls.versionMin,
  maxVersion: tls.versionMax,
  ...(tls.direct && { ALPNProtocols: ["postgresql"] }),
});

const dial = async (host: PostgresHost, tls: PostgresTls, socket: Socket, signal: AbortSignal): Promise<Socket> => {
  await once(socket, "connect", signal);
  if (!tls.direct && !(await offersTls(socket, signal))) {
    if (tls.optional) return socket;
    throw failed("TLS_NOT_OFFERED");
  }
  const encrypted = builtin("node:tls").connect({ ...tlsOptions(host, tls), socket });
  await once(encrypted, "secureConnect", signal);
  return encrypted;
};

/** Opens a connection to the host, encrypted as asked; postgres.js gives it the time until the server has answered. */
export const tlsDial = (host: PostgresHost, tls: PostgresTls, timeoutS: number) => async (): Promise<Socket> => {
  const socket = builtin("node:net").connect({ host: host.address, port: host.port });
  // An error that nobody waits for any more must not end the process.
  socket.once("error", () => undefined);
  try {
    return await dial(host, tls, socket, AbortSignal.timeout(timeoutS * 1_000));
  } catch (error) {
    socket.destroy();
    throw error;
  }
};
