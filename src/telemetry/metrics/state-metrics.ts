import { Gauge, type Registry } from "prom-client";
import type { MetricSources } from "./sources.ts";

/** Calls under way and open streams, as they are when somebody reads. */
export function addStateMetrics(registry: Registry, { places }: Pick<MetricSources, "places">): void {
  const gauge = (name: string, help: string, value: () => number) =>
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(value());
      },
    });
  gauge("sluice_calls_running", "Calls that run now", () => places().taken);
  gauge("sluice_calls_queued", "Calls that wait for a place to run in", () => places().waiting);
  gauge("sluice_streams_open", "Event streams of clients that are open now", () => places().streams);
}
