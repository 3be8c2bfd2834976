import { collectDefaultMetrics, Registry } from "prom-client";
import type { ServiceTarget } from "../../core/service-guard.ts";
import type { Observer } from "../../core/steps.ts";
import { addAuditMetrics } from "./audit-metrics.ts";
import { addBreakerMetrics, createOpenings } from "./breaker-metrics.ts";
import { addCacheMetrics } from "./cache-metrics.ts";
import { createCallMetrics } from "./call-metrics.ts";
import type { MetricSources } from "./sources.ts";
import { addStateMetrics } from "./state-metrics.ts";

/** The metrics of one process. No label of theirs holds what a caller can choose. */
export interface Metrics {
  /** Counts calls. */
  observer: Observer;
  /** Counts services that are cut off. */
  breakerChanged(target: ServiceTarget, state: string): void;
  /** Names what is looked at with each reading. To be called once. */
  watch(sources: MetricSources): void;
  /** All of them, in the text format of Prometheus. */
  read(): Promise<{ contentType: string; text: string }>;
}

/** Watches the process itself from now on. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  return {
    observer: createCallMetrics(registry),
    breakerChanged: createOpenings(registry),
    watch(sources) {
      addStateMetrics(registry, sources);
      addCacheMetrics(registry, sources);
      addBreakerMetrics(registry, sources);
      if (sources.audit) addAuditMetrics(registry, sources.audit);
    },
    read: async () => ({ contentType: registry.contentType, text: await registry.metrics() }),
  };
}
