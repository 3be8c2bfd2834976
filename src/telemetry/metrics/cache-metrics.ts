import { Counter, Gauge, type Registry } from "prom-client";
import type { CacheUse, MetricSources } from "./sources.ts";

type Value = (use: CacheUse) => number;
/** What is counted apart: objects as they are stored, and what is made of them. */
type Values = Readonly<Record<"object" | "derived", Value>>;

/** The block cache, when somebody reads. */
export function addCacheMetrics(registry: Registry, { cache }: Pick<MetricSources, "cache">): void {
  addSizes(registry, cache);
  addCounts(registry, cache);
  addUses(registry, cache);
}

function addSizes(registry: Registry, cache: MetricSources["cache"]): void {
  const gauge = (name: string, help: string, value: Value) =>
    new Gauge({
      ...{ name, help, registers: [registry] },
      collect() {
        this.set(value(cache()));
      },
    });
  gauge("sluice_cache_used_bytes", "Disk the block cache takes", ({ usedBytes }) => usedBytes);
  gauge("sluice_cache_max_bytes", "Disk the block cache may take", ({ maxBytes }) => maxBytes);
}

function addCounts(registry: Registry, cache: MetricSources["cache"]): void {
  const counter = (name: string, help: string, value: Value) =>
    new Counter({
      ...{ name: `sluice_cache_${name}_total`, help, registers: [registry] },
      collect() {
        this.reset();
        this.inc(value(cache()));
      },
    });
  counter("fetched_bytes", "Bytes of objects fetched into the block cache", (use) => use.fetchedBytes);
  counter("evictions", "Files that had to leave the block cache for others", (use) => use.evictions);
  counter("evicted_bytes", "Disk that these files took", (use) => use.evictedBytes);
}

function addUses(registry: Registry, cache: MetricSources["cache"]): void {
  const byKind = (name: string, help: string, values: Values) =>
    new Counter({
      ...{ name: `sluice_cache_${name}_total`, help, labelNames: ["kind"], registers: [registry] },
      collect() {
        const use = cache();
        this.reset();
        for (const [kind, value] of Object.entries(values)) this.inc({ kind }, value(use));
      },
    });
  byKind("hits", "Uses of a file in the block cache that found there all they asked for", {
    object: ({ objectHits }) => objectHits,
    derived: ({ derivedHits }) => derivedHits,
  });
  byKind("misses", "Uses of such a file that waited for bytes to be fetched, or for content to be made", {
    object: ({ objectMisses }) => objectMisses,
    derived: ({ derivedMisses }) => derivedMisses,
  });
}
