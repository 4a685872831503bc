import { freePort, type KafkaOptions } from "@spillway/backends";

/** Settings of a broker with a second door that answers, and says that the broker is found where nobody listens. */
export const withMisleadingListener = async (): Promise<KafkaOptions & { readonly misleading: string }> => {
  const [port, door, nowhere, controller] = [await freePort(), await freePort(), await freePort(), await freePort()];
  const at = (name: string, number: number) => `${name}://127.0.0.1:${number}`;
  return {
    port,
    misleading: `127.0.0.1:${door}`,
    settings: {
      "controller.quorum.voters": `1@127.0.0.1:${controller}`,
      listeners: [at("PLAINTEXT", port), at("MISLEADING", door), at("CONTROLLER", controller)].join(","),
      "advertised.listeners": [at("PLAINTEXT", port), at("MISLEADING", nowhere)].join(","),
      "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,MISLEADING:PLAINTEXT,CONTROLLER:PLAINTEXT",
      "inter.broker.listener.name": "PLAINTEXT",
    },
  };
};
