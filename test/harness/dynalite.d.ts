declare module "dynalite" {
  import type { Server } from "node:http";

  /** DynamoDB on loopback, in memory. Times in milliseconds. */
  function dynalite(options?: { createTableMs?: number }): Server;
  export = dynalite;
}
