export { acknowledgeLoss } from "./acknowledge-loss.ts";
export * from "./copies.ts";
export * from "./drain.ts";
export * from "./enqueue.ts";
export * from "./inspect.ts";
export * from "./installation.ts";
export * from "./ledger.ts";
export { createParking, type ParkingOptions } from "./parking.ts";
export * from "./tier.ts";
