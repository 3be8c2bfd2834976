import { randomUUID } from "node:crypto";
import { ToolError } from "../../core/errors.ts";
import type { LakeScope } from "../scope.ts";
import type { LakeSettings } from "../settings.ts";
import type { StoredObject, Stores } from "../stores/store.ts";
import { openBlockEntry, type WholeFetch } from "./block-entry.ts";
import type { Derive, ObjectCache, SparseFile } from "./cache.ts";
import { type CacheCounts, createCounts } from "./counts.ts";
import { deriveInto, readSavedFacts } from "./derive.ts";
import { makingRoom } from "./disk-full.ts";
import { entryKey } from "./entry-key.ts";
import { createFlights, type FlightControls } from "./flights.ts";
import { createGate } from "./in-turn.ts";
import { createOpenEntries, type OpenFile } from "./open-entries.ts";
import { createOpener } from "./open-in-place.ts";
import type { FetchOptions } from "./part-fetcher.ts";
import type { Pin } from "./pins.ts";
import { openSpace, type Space } from "./space.ts";
import { createWriteGathered } from "./write-gathered.ts";

/** Where the cache lives, and where its objects come from. */
export interface ObjectCacheOptions {
  settings: Pick<LakeSettings, "cache" | "s3">;
  stores: Pick<Stores, "read" | "openLocal">;
  /** Where the objects of this scope come from. Default: `stores`. */
  storeOf?: ((scope: LakeScope) => Pick<Stores, "read">) | undefined;
  /** Has whoever keeps files open beyond a call give them back, as their room is needed. */
  letGo?: () => Promise<void>;
}

/** What tests set otherwise. */
export interface ObjectCacheDeps {
  /** Milliseconds since the epoch. */
  now?: () => number;
  newId?: () => string;
  /** Bytes of each ranged read. */
  partBytes?: number;
  /** Ranges of one object under way at once. */
  parallel?: number;
  /** Names the start of the machine. Default: as the system does. */
  boot?: string;
  /** Local files held open at once. Further ones are copied. */
  maxOpenFiles?: number;
}

const defaultPartBytes = 8 * 1024 * 1024;
const defaultParallel = 16;
/** Ranges of all objects under way at once. */
const maxParallel = 96;
/** Freed on a disk that is too full for an empty file. */
const minFreedBytes = 1024 * 1024;
/** Well below what systems let one process open, with room for connections and the cache's own files. */
const defaultMaxOpenFiles = 512;

/**
 * The cache in `settings.cache.dir`. Nothing is touched before it is first used; from then on errors of the
 * folder are `unavailable`, and are tried again with the next call.
 */
export function createObjectCache(options: ObjectCacheOptions, deps: ObjectCacheDeps = {}): ObjectCache {
  const { settings, stores, storeOf = () => stores, letGo = async () => {} } = options;
  const { now = Date.now, newId = randomUUID } = deps;
  const shared = fetchOptions(stores, deps);
  const openInPlace = createOpener(stores, deps.maxOpenFiles ?? defaultMaxOpenFiles);
  const entries = createOpenEntries(shared.counts);
  const space = createLazy(() =>
    openSpace({ ...settings.cache, newId, now, boot: deps.boot, letGo, counts: shared.counts }),
  );
  const derivations = createDerivations(settings, space.get, shared.counts);
  const open = async (
    object: StoredObject,
    scope: LakeScope,
    asWhole?: Omit<WholeFetch, "signal">,
  ): Promise<OpenFile> => {
    const inSpace = await space.get();
    const key = entryKey(scope.tenantId, settings.s3.endpoint, object, undefined);
    const fetch = { ...shared, store: storeOf(scope) };
    return entries.take(
      key,
      (onChanged, signal) => {
        const whole = asWhole ? { ...asWhole, signal } : undefined;
        const openIt = () => openBlockEntry({ space: inSpace, fetch, object, key, onChanged, whole });
        return makingRoom(inSpace, object, () => minFreedBytes, openIt);
      },
      scope.signal,
    );
  };
  const inPlace = async (object: StoredObject) =>
    object.location.kind === "local" ? openInPlace(object) : undefined;
  return {
    sparse: async (object, scope) => (await inPlace(object)) ?? open(object, scope),
    async object(object, scope, onFetched) {
      return (await inPlace(object)) ?? openWhole(await open(object, scope, { onFetched }), scope);
    },
    derived: (object, kind, derive, scope) => derivations.get(object, kind, derive, scope),
    newLinksFolder: async () => (await space.get()).newLinksFolder(),
    counts: () => shared.counts,
    usage: () => ({ usedBytes: space.now()?.usedBytes() ?? 0, maxBytes: settings.cache.maxBytes }),
    async close() {
      await derivations.close();
      await entries.close();
      await space.now()?.close();
    },
  };
}

function fetchOptions(
  store: FetchOptions["store"],
  { partBytes = defaultPartBytes, parallel = defaultParallel }: ObjectCacheDeps,
): FetchOptions {
  const shared = {
    counts: createCounts(),
    gate: createGate(maxParallel),
    writeGathered: createWriteGathered(),
  };
  return { store, partBytes, parallel, parallelSmall: 4 * parallel, ...shared };
}

/** Content made of objects, each once however many ask. */
function createDerivations(
  { cache, s3 }: ObjectCacheOptions["settings"],
  space: () => Promise<Space>,
  counts: CacheCounts,
) {
  const flights = createFlights<Pin>();
  return {
    async get(object: StoredObject, kind: string, derive: Derive, scope: LakeScope) {
      const open = await space();
      const key = entryKey(scope.tenantId, s3.endpoint, object, kind);
      const make = (signal: AbortSignal) => deriveInto(open, derive, key, signal);
      // How large derived content gets is not known: where the disk is full, all that can go, goes.
      const fly = ({ signal }: FlightControls) =>
        makingRoom(
          open,
          object,
          () => cache.maxBytes,
          () => make(signal),
        );
      const found = await pinWhole(open, key);
      if (found) counts.derivedHits++;
      else counts.derivedMisses++;
      const pin = found ?? (await flights.join(key, scope, fly, (held) => held.share()));
      const { path, sizeBytes, release } = pin;
      return { path, sizeBytes, release: () => void release(), facts: readSavedFacts(pin)?.facts };
    },
    close: flights.close,
  };
}

async function openWhole(file: OpenFile, scope: LakeScope): Promise<SparseFile> {
  try {
    await file.ensure([{ start: 0, end: file.sizeBytes }], scope);
    return file;
  } catch (thrown) {
    await file.close();
    throw thrown;
  }
}

/** Opened when first asked for; a failure is forgotten, so that the next asking tries again. */
function createLazy(open: () => Promise<Space>) {
  let opening: Promise<Space> | undefined;
  let opened: Space | undefined;
  const start = async () => {
    try {
      opened = await open();
      return opened;
    } catch (cause) {
      opening = undefined;
      throw new ToolError("unavailable", "The local cache folder (lake.cache.dir) cannot be used.", {
        cause,
      });
    }
  };
  return {
    get() {
      opening ??= start();
      return opening;
    },
    now: () => opened,
  };
}

/** Derived content that is not what it should be was damaged from outside: it is removed and made again. */
async function pinWhole(space: Space, key: string): Promise<Pin | undefined> {
  const pin = await space.pin(key);
  if (!pin || readSavedFacts(pin)) return pin;
  await pin.release();
  await space.evict(key);
  return undefined;
}
