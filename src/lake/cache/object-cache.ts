import { randomUUID } from "node:crypto";
import { ToolError } from "../../core/errors.ts";
import { quoteName } from "../location-names.ts";
import type { LakeScope } from "../scope.ts";
import type { LakeSettings } from "../settings.ts";
import { errnoOf } from "../stores/errno.ts";
import type { StoredObject, Stores } from "../stores/store.ts";
import type { ObjectCache, PinnedFile } from "./cache.ts";
import { deriveInto, readSavedFacts } from "./derive.ts";
import type { DownloadOptions } from "./download.ts";
import { entryKey } from "./entry-key.ts";
import { fetchInto } from "./fetch.ts";
import { createFlights, type FlightControls } from "./flights.ts";
import { createGate } from "./in-turn.ts";
import type { Pin } from "./pins.ts";
import { openSpace, type Space } from "./space.ts";

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
  /** Bytes of each ranged read. */
  partBytes?: number;
  /** Ranges of one object under way at once. */
  parallel?: number;
  /** Local files held open at once. Further ones are copied. */
  maxOpenFiles?: number;
}

const defaultPartBytes = 8 * 1024 * 1024;
const defaultParallel = 16;
/** Ranges of all objects under way at once. */
const maxParallel = 64;
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
    parallel: deps.parallel ?? defaultParallel,
    gate: createGate(maxParallel),
  };
  const openInPlace = createOpener(stores, deps.maxOpenFiles ?? defaultMaxOpenFiles);
  const flights = createFlights<Pin>();
  const space = createLazy(() => openSpace({ ...settings.cache, newId, now }));
  const obtain = async ({ object, scope, kind, isWhole, make }: Wanted): Promise<Pin> => {
    const open = await space.get();
    const key = entryKey(scope.tenantId, settings.s3.endpoint, object, kind);
    const known = await pinWhole(open, key, isWhole);
    if (known) return known;
    // How large derived content gets is not known: then all that can go, goes.
    const needBytes = kind === undefined ? object.sizeBytes : settings.cache.maxBytes;
    const fly = (controls: FlightControls) =>
      makingRoom(open, object, needBytes, () => make(open, key, controls));
    return flights.join(key, scope, fly, (held) => held.share());
  };
  return {
    async object(object, scope) {
      const inPlace = object.location.kind === "local" ? await openInPlace(object) : undefined;
      if (inPlace) return inPlace;
      const isWhole = (pin: Pin) => pin.sizeBytes === object.sizeBytes;
      const make: Make = (open, key, controls) => fetchInto(open, download, object, key, controls);
      return toFile(await obtain({ object, scope, kind: undefined, isWhole, make }));
    },
    async sparse(object, scope) {
      const whole = await this.object(object, scope);
      return { ...whole, missing: () => [], ensure: async () => ({ fetchedBytes: 0, requests: 0 }) };
    },
    async derived(object, kind, derive, scope) {
      const isWhole = (pin: Pin) => readSavedFacts(pin) !== undefined;
      const make: Make = (open, key, { signal }) => deriveInto(open, derive, key, signal);
      const pin = await obtain({ object, scope, kind, isWhole, make });
      return { ...toFile(pin), facts: readSavedFacts(pin)?.facts };
    },
    usage: () => ({ usedBytes: space.now()?.usedBytes() ?? 0, maxBytes: settings.cache.maxBytes }),
    async close() {
      await flights.close();
      await space.now()?.close();
    },
  };
}

type Make = (space: Space, key: string, controls: FlightControls) => Promise<Pin>;

/** An entry that is pinned where it is there and whole, and made where it is not. */
interface Wanted {
  object: StoredObject;
  scope: LakeScope;
  /** Of derived content. */
  kind: string | undefined;
  isWhole(pin: Pin): boolean;
  make: Make;
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
async function pinWhole(space: Space, key: string, isWhole: (pin: Pin) => boolean): Promise<Pin | undefined> {
  const pin = await space.pin(key);
  if (!pin || isWhole(pin)) return pin;
  pin.release();
  await space.evict(key);
  return undefined;
}

/** A disk can be full before the cap is reached: then the cache makes room once, and gives up after. */
async function makingRoom(
  space: Space,
  object: StoredObject,
  needBytes: number,
  make: () => Promise<Pin>,
): Promise<Pin> {
  try {
    return await make();
  } catch (thrown) {
    if (!isDiskFull(thrown)) throw thrown;
    if (!(await space.freeDisk(needBytes))) throw diskFull(object, thrown);
  }
  try {
    return await make();
  } catch (thrown) {
    throw isDiskFull(thrown) ? diskFull(object, thrown) : thrown;
  }
}

function isDiskFull(thrown: unknown): boolean {
  const code = errnoOf(thrown) ?? (thrown instanceof Error ? errnoOf(thrown.cause) : undefined);
  return code === "ENOSPC" || code === "EDQUOT";
}

function diskFull({ uri, sizeBytes }: StoredObject, cause: unknown): ToolError {
  return new ToolError(
    "unavailable",
    `The disk of the local cache (lake.cache.dir) has no room for ${quoteName(uri)} (${sizeBytes} bytes). Free some, or read less.`,
    { cause },
  );
}

function toFile({ path, sizeBytes, release }: Pin): PinnedFile {
  return { path, sizeBytes, release };
}

/**
 * Opens local files where they are, while fewer than `maxOpenFiles` are open: every one takes a descriptor of the
 * process until it is released. `undefined` for those past it, which are copied as objects of S3 are.
 */
function createOpener(stores: Pick<Stores, "openLocal">, maxOpenFiles: number) {
  let openFiles = 0;
  return async (object: StoredObject): Promise<PinnedFile | undefined> => {
    if (openFiles >= maxOpenFiles) return undefined;
    openFiles++;
    const close = () => {
      openFiles--;
    };
    try {
      const { path, release } = await stores.openLocal(object);
      return {
        path,
        sizeBytes: object.sizeBytes,
        release: once(
          () =>
            void release()
              .catch(() => {})
              .then(close),
        ),
      };
    } catch (thrown) {
      close();
      throw thrown;
    }
  };
}

function once(work: () => void): () => void {
  let done = false;
  return () => {
    if (!done) work();
    done = true;
  };
}
