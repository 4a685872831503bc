/* What is used of Cloudflare's own module; their package of types does not go beside those of Bun. */
declare module "cloudflare:workers" {
  export type ObjectState = { blockConcurrencyWhile(work: () => Promise<void>): Promise<void> };
  export class DurableObject {
    constructor(state: ObjectState, env: unknown);
  }
}
