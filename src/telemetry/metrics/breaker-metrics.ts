import { Counter, Gauge, type Registry } from "prom-client";
import type { ServiceTarget } from "../../core/service-guard.ts";
import type { MetricSources } from "./sources.ts";

const labelNames = ["service", "region", "account"] as const;

const numberOf: Readonly<Record<string, number>> = { closed: 0, half_open: 1, open: 2 };

/** Counts openings as they happen. */
export function createOpenings(registry: Registry): (target: ServiceTarget, state: string) => void {
  const opened = new Counter({
    name: "sluice_breaker_opened_total",
    help: "Times a service was cut off because it failed",
    labelNames,
    registers: [registry],
  });
  return (target, state) => {
    if (state === "open") opened.inc(labelsOf(target));
  };
}

/** The state of each service that was called, when somebody reads. */
export function addBreakerMetrics(registry: Registry, { breakers }: Pick<MetricSources, "breakers">): void {
  new Gauge({
    name: "sluice_breaker_state",
    help: "Whether a service is called: 0 as ever, 1 it is being tried again, 2 it is cut off",
    labelNames,
    registers: [registry],
    collect() {
      this.reset();
      // Roles are no label: of those of one account the worst counts, and so is set last.
      const states = breakers().map((report) => ({ report, state: numberOf[report.state] ?? 0 }));
      states.sort((one, other) => one.state - other.state);
      for (const { report, state } of states) this.set(labelsOf(report), state);
    },
  });
}

function labelsOf({ service, region, account = "" }: ServiceTarget) {
  return { service, region, account };
}
