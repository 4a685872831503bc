import { describe, expect, test } from "vitest";
import { codeOfRestError, codeOfTcpError, codeOfText } from "./errors.ts";

/** What servers really say: Redis 7.0, ioredis 6, Upstash's documentation, libs/redis-rest. */
const said: readonly (readonly [text: string, code: string])[] = [
  ["NOSCRIPT No matching script. Please use EVAL.", "no_script"],
  ["OOM command not allowed when used memory > 'maxmemory'. script: 0a1b, on @user_script:70.", "oom"],
  ["READONLY You can't write against a read only replica. script: 0a1b, on @user_script:70.", "readonly"],
  ["LOADING Redis is loading the dataset in memory", "loading"],
  ["MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk.", "misconf"],
  ["NOAUTH Authentication required.", "unauthorized"],
  ["WRONGPASS invalid username-password pair or user is disabled.", "unauthorized"],
  ["WRONGPASS invalid or missing auth token", "unauthorized"],
  ["Unauthorized", "unauthorized"],
  ["NOPERM this user has no permissions to run the 'evalsha' command", "forbidden"],
  ["CLUSTERDOWN The cluster is down", "cluster_down"],
  ["CLUSTERDOWN Hash slot not served", "cluster_down"],
  ["Failed to refresh slots cache.", "cluster_down"],
  ["Too many Cluster redirections. Last error: Error: MOVED 12 127.0.0.1:7001", "cluster_moved"],
  ["MOVED 3999 127.0.0.1:6381", "cluster_moved"],
  ["ASK 3999 127.0.0.1:6381", "cluster_moved"],
  ["TRYAGAIN Multiple keys request during rehashing of slot", "cluster_try_again"],
  ["CROSSSLOT Keys in request don't hash to the same slot", "cross_slot"],
  ["MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.", "master_down"],
  ["NOREPLICAS Not enough good replicas to write.", "no_replicas"],
  ["WRONGTYPE Operation against a key holding the wrong kind of value", "wrong_type"],
  ["BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.", "busy"],
  ["UNKILLABLE Sorry the script already executed write commands against the dataset.", "busy"],
  ["ERR DB index is out of range", "no_such_database"],
  ["ERR SELECT is not allowed in cluster mode", "no_such_database"],
  ["ERR max number of clients reached", "too_many_connections"],
  ["ERR max concurrent connections exceeded", "too_many_connections"],
  ["ERR max daily request limit exceeded. Limit: 10000, Usage: 10001.", "quota"],
  ["ERR max requests limit exceeded. Limit: 500000, Usage: 500001.", "quota"],
  ["ERR DB capacity quota exceeded", "quota"],
  ["ERR max request size exceeded. Limit: 1048576 bytes, Actual: 2097152 bytes.", "request_too_large"],
  ["ERR max single record size exceeded", "record_too_large"],
  ["ERR unknown command 'XADD', with args beginning with: ", "unknown_command"],
  ["ERR The stream has exhausted the last possible ID, unable to add more items", "stream_exhausted"],
  ["UNAVAILABLE Redis is not connected; the command was not sent", "unreachable"],
  ["UNAVAILABLE Redis has no such database; the command was not sent", "no_such_database"],
  ["LOST the connection to Redis broke before the reply; the command may have run", "closed"],
  ["TIMEOUT Redis did not reply in time; the command may have run, or may still run", "timeout"],
  ["connect ECONNREFUSED 127.0.0.1:6379", "unreachable"],
  ["getaddrinfo ENOTFOUND redis.example", "unreachable"],
  ["None of startup nodes is available", "unreachable"],
  ["connect ETIMEDOUT", "timeout"],
  ["Command timed out", "timeout"],
  ["read ECONNRESET", "closed"],
  ["write EPIPE", "closed"],
  ["Connection is closed.", "closed"],
  ["Command aborted due to connection close", "closed"],
  ["Reached the max retries per request limit (which is 0). Refer to ...", "closed"],
  ["Stream isn't writeable and enableOfflineQueue options is false", "closed"],
  ["ERR something that nobody has seen yet", "redis_error"],
];

class UpstashError extends Error {
  override readonly name = "UpstashError";
}

describe("the table of errors", () => {
  test.each(said)("%s", (text, code) => {
    expect(codeOfText(text)).toBe(code);
    expect(codeOfTcpError(new Error(text))).toBe(code);
  });

  test("does not look at the payload that the Upstash client appends", () => {
    const message = 'ERR who knows, command was: ["evalsha","OOM command","READONLY","LOADING"]';
    expect(codeOfRestError(new UpstashError(message))).toBe("redis_error");
    expect(codeOfRestError(new UpstashError('Unauthorized, command was: ["evalsha"]'))).toBe("unauthorized");
  });

  test("tells a timeout, an odd body and a failed fetch from one another", () => {
    expect(codeOfRestError(new DOMException("The operation timed out.", "TimeoutError"))).toBe("timeout");
    const parse = new Error("Unable to parse response body: <html>");
    parse.name = "UpstashJSONParseError";
    expect(codeOfRestError(parse)).toBe("odd_reply");
    expect(codeOfRestError(new TypeError("res.map is not a function"))).toBe("odd_reply");
    const nodeFetch = new TypeError("fetch failed", { cause: new Error("connect ECONNREFUSED 127.0.0.1:1") });
    expect(codeOfRestError(nodeFetch)).toBe("unreachable");
    expect(codeOfRestError(Object.assign(new Error("Unable to connect."), { code: "ConnectionRefused" }))).toBe(
      "unreachable",
    );
    expect(codeOfRestError("no error at all")).toBe("redis_error");
  });

  test("finds the reason below a cluster's general complaint", () => {
    const failed = Object.assign(new Error("no node answers"), {
      lastNodeError: new Error("NOAUTH Authentication required."),
    });
    expect(codeOfTcpError(failed)).toBe("unauthorized");
    expect(codeOfTcpError(undefined)).toBe("redis_error");
  });
});
