/* Files of kafkajs that have no types; imported and not required at run time, so that they are part of an executable. */
declare module "kafkajs/src/*" {
  const inside: unknown;
  export default inside;
}
