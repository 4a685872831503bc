export { readRoleNames } from "./claim.ts";
export {
  type Arrival,
  createProvider,
  type Flow,
  type Person,
  type Provider,
  type ProviderSettings,
} from "./provider.ts";
