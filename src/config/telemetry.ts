import { z } from "zod";
import type { authSettings } from "./auth.ts";
import { modesInForce } from "./auth.ts";
import { endpointUrl } from "./fields.ts";

/** `telemetry`: what operators' tools learn of a running server. */
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
    tracing: z
      .enum(["off", "otlp"])
      .default("off")
      .describe("Whether each call, and each request to AWS or Databricks below it, is a span (otlp)"),
    otlpEndpoint: endpointUrl
      .optional()
      .describe(
        "Where spans go, by OTLP over HTTP: the receiver without /v1/traces, such as http://127.0.0.1:4318",
      ),
  })
  .prefault({});

/** What is wrong with the group beside the identity settings: which setting of it, and why. */
export function wrongTelemetry(
  { metrics, metricsRoles, tracing, otlpEndpoint }: z.output<typeof telemetrySettings>,
  auth: z.output<typeof authSettings>,
): { path: string[]; message: string } | undefined {
  if (tracing === "otlp" && otlpEndpoint === undefined)
    return { path: ["otlpEndpoint"], message: "is missing: telemetry.tracing is otlp" };
  if (tracing === "off" && otlpEndpoint !== undefined)
    return { path: ["otlpEndpoint"], message: "is of no use unless telemetry.tracing is otlp" };
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
