import { Counter, Histogram, type Registry } from "prom-client";
import type { Observer, Outcome } from "../../core/steps.ts";

/** From a cached list to a query at its deadline. Seconds. */
const buckets = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];

/** What limits call themselves in a fault's details → what the metric calls them. */
const limits: ReadonlyMap<unknown, string> = new Map([
  ["rate", "rate"],
  ["day", "quota"],
  ["concurrency", "queue"],
]);

/** Stands for every name that is no tool's: what callers make up must not become labels. No tool's name has brackets. */
const unknownTool = { tool: "(unknown)", effect: "none", outcome: "unknown_tool" };

/** Counts calls and times them, by tool, effect and outcome, and refusals by limit. */
export function createCallMetrics(registry: Registry): Observer {
  const registers = [registry];
  const calls = new Counter({
    name: "sluice_calls_total",
    help: "Calls answered, by tool, effect and outcome (ok, or the fault's code)",
    labelNames: ["tool", "effect", "outcome"],
    registers,
  });
  const durations = new Histogram({
    name: "sluice_call_duration_seconds",
    help: "Time from a call's arrival to its answer, waiting for a place included",
    labelNames: ["tool", "effect"],
    buckets,
    registers,
  });
  const refused = new Counter({
    name: "sluice_calls_refused_total",
    help: "Calls refused by a limit: rate, quota (of the day) or queue (no place to run in)",
    labelNames: ["limit"],
    registers,
  });
  for (const limit of limits.values()) refused.inc({ limit }, 0);
  const faults = new Counter({
    name: "sluice_step_failures_total",
    help: "Steps beside a call that failed without changing its answer, such as an outcome that was not recorded",
    labelNames: ["step"],
    registers,
  });
  return {
    finished({ tool: { name: tool, effect } }, outcome, durationMs) {
      calls.inc({ tool, effect, outcome: codeOf(outcome) });
      durations.observe({ tool, effect }, durationMs / 1000);
      const limit = limitOf(outcome);
      if (limit !== undefined) refused.inc({ limit });
    },
    unknownTool: () => calls.inc(unknownTool),
    stepFailed: ({ step }) => faults.inc({ step }),
  };
}

function codeOf(outcome: Outcome): string {
  return outcome.kind === "completed" ? "ok" : outcome.fault.code;
}

function limitOf(outcome: Outcome): string | undefined {
  if (outcome.kind !== "failed" || outcome.fault.code !== "throttled") return undefined;
  return limits.get(outcome.fault.details.limit);
}
