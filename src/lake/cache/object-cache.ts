import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { ToolError } from "../../core/errors.ts";
import type { LakeScope } from "../scope.ts";
import type { LakeSettings } from "../settings.ts";
import type { StoredObject, Stores } from "../stores/store.ts";
import type { Derive, ObjectCache, PinnedFile, SparseFile } from "./cache.ts";
import { deriveInto, readSavedFacts } from "./derive.ts";
import type { DownloadOptions } from "./download.ts";
import { entryKey } from "./entry-key.ts";
import { createFlights, type FlightControls } from "./flights.ts";
import { createGate } from "./in-turn.ts";
import { makingRoom } from "./making-room.ts";
import { createOpener } from "./open-in-place.ts";
import type { Pin } from "./pins.ts";
import { openSpace, type Space } from "./space.ts";
import { nothingFetched, sparseFile } from "./sparse-file.ts";

/** Where the cache lives, and where its objects come from. */
export interface ObjectCacheOptions {
  settings: Pick<LakeSettings, "cache" | "s3">;
  stores: Pick<Stores, "read" | "openLocal">;
}

/** What tests set otherwise. */
export interface ObjectCacheDeps {
  /** Milliseconds since the epoch. */
  now?: () => number;
  newId?: () => string;
  /** Most bytes of each ranged read. */
  partBytes?: number;
  /** Ranges of all objects under way at once. */
  parallel?: number;
  /** Names the start of the machine. Default: as the system does. */
  boot?: string;
  /** Local files held open at once. Further ones are copied. */
  maxOpenFiles?: number;
}

const defaultPartBytes = 8 * 1024 * 1024;
const defaultParallel = 64;
/** Well below what systems let one process open, with room for connections and the cache's own files. */
const defaultMaxOpenFiles = 512;

/**
 * The cache in `settings.cache.dir`. Nothing is touched before it is first used; from then on errors of the
 * folder are `unavailable`, and are tried again with the next call.
 */
export function createObjectCache(options: ObjectCacheOptions, deps: ObjectCacheDeps = {}): ObjectCache {
  const { settings, stores } = options;
  const { now = Date.now, newId = randomUUID } = deps;
  const download: DownloadOptions = {
    store: stores,
    partBytes: deps.partBytes ?? defaultPartBytes,
    gate: createGate(deps.parallel ?? defaultParallel),
  };
  const openInPlace = createOpener(stores, deps.maxOpenFiles ?? defaultMaxOpenFiles);
  const flights = createFlights<Pin>();
  const boot = deps.boot ?? bootName(newId);
  const space = createLazy(() => openSpace({ ...settings.cache, newId, now, download, boot }));
  const openSparse = async (object: StoredObject, scope: LakeScope): Promise<SparseFile> => {
    const open = await space.get();
    return sparseFile(open, object, entryKey(scope.tenantId, settings.s3.endpoint, object, undefined));
  };
  const derived = async (object: StoredObject, kind: string, derive: Derive, scope: LakeScope) => {
    const open = await space.get();
    const key = entryKey(scope.tenantId, settings.s3.endpoint, object, kind);
    const known = await pinMade(open, key);
    if (known) return known;
    // How large derived content gets is not known: then all that can go, goes.
    const fly = ({ signal }: FlightControls) =>
      makingRoom(open, object, settings.cache.maxBytes, () => deriveInto(open, derive, key, signal));
    return flights.join(key, scope, fly, (held) => held.share());
  };
  return {
    async object(object, scope) {
      const inPlace = object.location.kind === "local" ? await openInPlace(object) : undefined;
      if (inPlace) return inPlace;
      const file = await openSparse(object, scope);
      try {
        await file.ensure([{ start: 0, end: object.sizeBytes }], scope);
        return { path: file.path, sizeBytes: file.sizeBytes, release: file.release };
      } catch (thrown) {
        file.release();
        throw thrown;
      }
    },
    async sparse(object, scope) {
      const inPlace = object.location.kind === "local" ? await openInPlace(object) : undefined;
      if (inPlace) return { ...inPlace, missing: () => [], ensure: async () => nothingFetched };
      return openSparse(object, scope);
    },
    async derived(object, kind, derive, scope) {
      const pin = await derived(object, kind, derive, scope);
      return { ...toFile(pin), facts: readSavedFacts(pin)?.facts };
    },
    usage: () => ({ usedBytes: space.now()?.usedBytes() ?? 0, maxBytes: settings.cache.maxBytes }),
    async close() {
      await flights.close();
      await space.now()?.close();
    },
  };
}

/** As Linux names it. Elsewhere one of this process's own: then nothing unsynced outlasts it. */
function bootName(newId: () => string): string {
  try {
    return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  } catch {
    return newId();
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

/** An entry that is not what it should be was damaged from outside: it is removed and made again. */
async function pinMade(space: Space, key: string): Promise<Pin | undefined> {
  const pin = await space.pin(key);
  if (!pin || readSavedFacts(pin) !== undefined) return pin;
  pin.release();
  await space.evict(key);
  return undefined;
}

function toFile({ path, sizeBytes, release }: Pin): PinnedFile {
  return { path, sizeBytes, release };
}
