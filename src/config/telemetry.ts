import { z } from "zod";
import type { authSettings } from "./auth.ts";
import { modesInForce } from "./auth.ts";

/** `telemetry`: what operators' tools may read of a running server. */
export const telemetrySettings = z
  .strictObject({
    metrics: z
      .enum(["off", "loopback", "authenticated"])
      .default("loopback")
      .describe(
        "Who may read /metrics: nobody (off), whoever reaches a server that asks nobody who they are, which listens on loopback alone (loopback), or callers with a role of telemetry.metricsRoles (authenticated)",
      ),
    metricsRoles: z
      .array(z.string().min(1))
      .default([])
      .describe("Roles whose holders may read /metrics; they see the sums of all tenants"),
  })
  .prefault({});

/** What is wrong with the group beside the identity settings: which setting of it, and why. */
export function wrongTelemetry(
  { metrics, metricsRoles }: z.output<typeof telemetrySettings>,
  auth: z.output<typeof authSettings>,
): { path: string[]; message: string } | undefined {
  if (metrics !== "authenticated") {
    if (metricsRoles.length === 0) return undefined;
    return { path: ["metricsRoles"], message: "is of no use unless telemetry.metrics is authenticated" };
  }
  if (modesInForce(auth).includes("none"))
    return { path: ["metrics"], message: "is authenticated, and auth.modes asks nobody who they are" };
  if (metricsRoles.length === 0)
    return { path: ["metricsRoles"], message: "is missing: telemetry.metrics is authenticated" };
  return undefined;
}
