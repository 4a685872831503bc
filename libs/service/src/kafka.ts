import { checked, listOf, matching, ok, refused, type Setting, withDefault } from "./setting.ts";

/** What a broker accepts as a topic's name. */
const topicForm = /^(?!\.{1,2}$)[\w.-]{1,249}$/;
const brokerForm = /^(?:\[[0-9a-f:.]{2,45}\]|[\w.-]{1,253}):(\d{1,5})$/i;

export const topicName = (): Setting<string> => matching(topicForm, "a topic's name: 1 to 249 of a-z A-Z 0-9 . _ -");

const broker: Setting<string> = {
  accepts: "host:port",
  shown: "text",
  read: (text) => {
    if (/^[\w+.-]+:\/\//.test(text))
      return refused("with a scheme, which KAFKA_TLS and KAFKA_SASL_MECHANISM say instead");
    if (text.includes("@")) return refused("with a user, which KAFKA_SASL_USERNAME says instead");
    const port = Number(brokerForm.exec(text)?.[1]);
    return port >= 1 && port <= 65_535 ? ok(text) : refused();
  },
};

export const brokers = (): Setting<readonly string[]> =>
  listOf(broker, "host:port, several separated by commas, an IPv6 address as [::1]:9092");

export type TopicRoute = { readonly prefix: string; readonly topic: string };

const ROUTES = "prefix=topic pairs separated by commas, each prefix once, as order.=orders,user.=users";

const route: Setting<TopicRoute> = {
  accepts: ROUTES,
  shown: "text",
  read: (text) => {
    const [, prefix = "", topic = ""] = /^([^\s=]{1,255})=(.*)$/.exec(text) ?? [];
    return topicForm.test(topic) ? ok({ prefix, topic }) : refused();
  },
};

/** Which types go to which topic. */
export const topicRoutes = (): Setting<readonly TopicRoute[]> =>
  checked(withDefault(listOf(route, ROUTES), []), (routes) =>
    new Set(routes.map(({ prefix }) => prefix)).size === routes.length ? ok(routes) : refused(),
  );
