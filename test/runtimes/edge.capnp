# The Worker as Cloudflare runs it, in workerd alone, beside its bundle: its settings are the environment.
using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "edge", worker = .edge),
    # Redis and Postgres are on this machine.
    (name = "internet", network = (allow = ["public", "private"])),
  ],
  sockets = [(name = "http", http = (), service = "edge")],
);

const edge :Workerd.Worker = (
  modules = [(name = "worker", esModule = embed "worker.js")],
  compatibilityDate = "2026-11-01",
  durableObjectNamespaces = [(className = "Edge", uniqueKey = "spillway-edge")],
  durableObjectStorage = (inMemory = void),
  bindings = [
    (name = "EDGE", durableObjectNamespace = "Edge"),
    (name = "API_KEYS", fromEnvironment = "API_KEYS"),
    (name = "UPSTASH_REDIS_REST_URL", fromEnvironment = "UPSTASH_REDIS_REST_URL"),
    (name = "UPSTASH_REDIS_REST_TOKEN", fromEnvironment = "UPSTASH_REDIS_REST_TOKEN"),
    (name = "DATABASE_URL", fromEnvironment = "DATABASE_URL"),
    (name = "NAMESPACE", fromEnvironment = "NAMESPACE"),
    (name = "ENVIRONMENT", fromEnvironment = "ENVIRONMENT"),
    (name = "METRICS_TOKEN", fromEnvironment = "METRICS_TOKEN"),
    (name = "SCHEMA_KEYS", fromEnvironment = "SCHEMA_KEYS"),
    (name = "EDGE_OBJECTS", fromEnvironment = "EDGE_OBJECTS"),
    (name = "BODY_TIMEOUT_MS", fromEnvironment = "BODY_TIMEOUT_MS"),
  ],
);
