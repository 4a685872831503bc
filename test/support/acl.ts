import { askKafka } from "@spillway/backends";
import { type AclOperationTypes, AclPermissionTypes, AclResourceTypes, ResourcePatternTypes } from "kafkajs";

/** Settings of a broker that has rules of who may do what, and lets everybody do what none is about. */
export const aclKafka = {
  settings: {
    "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
    "allow.everyone.if.no.acl.found": "true",
  },
};

/** Nobody may do this to a topic until what it answers is called. */
export const deny = async (
  brokers: readonly string[],
  topic: string,
  operation: AclOperationTypes,
): Promise<() => Promise<void>> => {
  const rule = {
    resourceType: AclResourceTypes.TOPIC,
    resourceName: topic,
    resourcePatternType: ResourcePatternTypes.LITERAL,
    principal: "User:ANONYMOUS",
    host: "*",
    operation,
    permissionType: AclPermissionTypes.DENY,
  };
  await askKafka(brokers, (admin) => admin.createAcls({ acl: [rule] }));
  return async () => void (await askKafka(brokers, (admin) => admin.deleteAcls({ filters: [rule] })));
};
