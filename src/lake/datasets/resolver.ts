import { setMaxListeners } from "node:events";
import type { DatasetRequest } from "../lake.ts";
import { RecentMap } from "../recent-map.ts";
import type { LakeScope } from "../scope.ts";
import type { Dataset } from "./dataset.ts";
import { mapBounded } from "./map-bounded.ts";

/** Files of all datasets that are remembered. */
const rememberedFiles = 100_000;

/** Finds what names stand for, and has work begun on what they stood for last while it looks. */
export interface Resolver {
  /** Throws as `resolveDataset` does, and for tables of a catalog as their catalog does. */
  resolve(request: DatasetRequest, scope: LakeScope): Promise<Dataset>;
  /**
   * Does `work` on the datasets as they are now. Where all are known from before, it is begun on those at once, and
   * its outcome counts only if they turn out to be the same still; else it is stopped and done again. So `work` must
   * do nothing but read. Throws as resolving does, whatever `work` on the old ones came to.
   */
  withDatasets<T>(
    requests: readonly DatasetRequest[],
    scope: LakeScope,
    work: (datasets: readonly Dataset[], scope: LakeScope) => Promise<T>,
  ): Promise<T>;
}

export function createResolver(
  resolve: (request: DatasetRequest, scope: LakeScope) => Promise<Dataset>,
): Resolver {
  const known = new RecentMap<Dataset>(rememberedFiles, ({ files }) => files.length + 1);
  return {
    resolve,
    async withDatasets(requests, scope, work) {
      const keys = requests.map((request) =>
        JSON.stringify([scope.tenantId, Object.entries(request).sort()]),
      );
      const before = keys.map((key) => known.get(key));
      const resolving = mapBounded(requests, 4, (request) => resolve(request, scope));
      if (!isComplete(before)) return work(remember(keys, await resolving), scope);
      const stop = new AbortController();
      const signal = AbortSignal.any([scope.signal, stop.signal]);
      // Every file that is fetched at once listens to it.
      setMaxListeners(0, signal);
      const begun = settled(work(before, { ...scope, signal }));
      try {
        const now = await resolving;
        if (now.every(({ version }, at) => version === before[at]?.version)) return take(await begun);
        stop.abort();
        return await work(remember(keys, now), scope);
      } finally {
        stop.abort();
      }
    },
  };

  function remember(keys: readonly string[], datasets: readonly Dataset[]): readonly Dataset[] {
    datasets.forEach((dataset, at) => {
      known.set(keys[at] ?? "", dataset);
    });
    return datasets;
  }
}

function isComplete(datasets: readonly (Dataset | undefined)[]): datasets is Dataset[] {
  return !datasets.includes(undefined);
}

type Settled<T> = { value: T } | { thrown: unknown };

/** Handled from the start: an outcome that is not taken must not bring the process down. */
async function settled<T>(work: Promise<T>): Promise<Settled<T>> {
  try {
    return { value: await work };
  } catch (thrown) {
    return { thrown };
  }
}

function take<T>(outcome: Settled<T>): T {
  if ("thrown" in outcome) throw outcome.thrown;
  return outcome.value;
}
