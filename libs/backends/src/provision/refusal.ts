/** What a machine can be told to do about a missing service, by hand; `setting` makes it use the docker line's. */
export const REMEDIES = {
  redis: {
    service: "Redis",
    debian: "sudo apt-get update && sudo apt-get install -y redis-server",
    macos: "brew install redis",
    docker:
      "docker run -d -p 127.0.0.1:6379:6379 redis:7 redis-server --appendonly yes --appendfsync always --maxmemory-policy noeviction",
    setting: "REDIS_URL=redis://127.0.0.1:6379",
  },
  postgres: {
    service: "Postgres",
    debian: "npx -y bun@1.4.5 install --frozen-lockfile",
    macos: "npx -y bun@1.4.5 install --frozen-lockfile",
    docker: "docker run -d -p 127.0.0.1:5432:5432 -e POSTGRES_HOST_AUTH_METHOD=trust postgres:18",
    setting: "DATABASE_URL=postgres://postgres@127.0.0.1:5432/postgres",
  },
  kafka: {
    service: "Apache Kafka",
    debian: "sudo apt-get update && sudo apt-get install -y default-jre-headless maven",
    macos: 'brew install openjdk maven && export JAVA_HOME="$(brew --prefix openjdk)"',
    docker: "docker run -d -p 127.0.0.1:9092:9092 apache/kafka:4.3.1",
    setting: "KAFKA_BROKERS=127.0.0.1:9092",
  },
  prometheus: {
    service: "Prometheus",
    debian: "sudo apt-get update && sudo apt-get install -y prometheus prometheus-alertmanager",
    macos: "brew install prometheus alertmanager",
  },
  browser: {
    service: "Chromium",
    debian: "sudo apt-get update && sudo apt-get install -y chromium",
    macos: "brew install --cask chromium",
  },
  compiler: {
    service: "a C compiler",
    debian: "sudo apt-get update && sudo apt-get install -y gcc libc6-dev",
    macos: "xcode-select --install",
  },
} as const satisfies Record<string, Remedy>;

export type Remedy = {
  readonly service: string;
  readonly debian: string;
  readonly macos: string;
} & ({ readonly docker: string; readonly setting: string } | { readonly docker?: undefined });

/** Nothing on this machine provides the service and nothing here may install it: the message is for a person. */
export class NotProvided extends Error {
  override readonly name = "NotProvided";

  constructor(remedy: Remedy, found: string) {
    super(
      [
        `${remedy.service}: ${found}. One of these provides it:`,
        `  Debian   ${remedy.debian}`,
        `  macOS    ${remedy.macos}`,
        ...(remedy.docker === undefined ? [] : [`  Docker   ${remedy.docker}`, `           export ${remedy.setting}`]),
      ].join("\n"),
    );
  }
}
