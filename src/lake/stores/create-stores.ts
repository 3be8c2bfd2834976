import { join } from "node:path";
import type { S3ClientConfig } from "@aws-sdk/client-s3";
import { type ServiceGuard, unguardedServices } from "../../core/service-guard.ts";
import { createBoundaries } from "../boundaries.ts";
import type { Location } from "../location.ts";
import { RecentMap } from "../recent-map.ts";
import type { LakeSettings } from "../settings.ts";
import type { FenceOptions } from "./local-fence.ts";
import { createLocalStore } from "./local-store.ts";
import { listPlaces } from "./places.ts";
import { createPrivatePaths } from "./private-paths.ts";
import { createS3Clients, type S3Timeouts } from "./s3-clients.ts";
import { type Caller, createS3Sender, type S3Sender } from "./s3-send.ts";
import { createS3Store } from "./s3-store.ts";
import { createS3Uploads, type Uploads } from "./s3-upload.ts";
import type { Stores } from "./store.ts";

const rememberedPages = 10_000;

export interface StoresDeps {
  /** In place of the AWS SDK's own chain: for servers on loopback that take any. */
  credentials?: S3ClientConfig["credentials"];
  /** Told where S3 says that credentials have expired. */
  onExpired?: () => void;
  timeouts?: Partial<S3Timeouts>;
  findsRegion?: boolean;
  /** What S3 is cut off by while it fails. */
  guard?: ServiceGuard | undefined;
  /** Whose credentials they are. Left out: the process's own. */
  caller?: Caller;
  /** Whether local files are opened through `/proc/self/fd`. Linux has it. */
  anchored?: boolean;
}

const defaultTimeouts: S3Timeouts = { connectMs: 5_000, answerMs: 20_000, idleMs: 30_000 };

/** What may be read. */
type Places = Pick<LakeSettings, "buckets" | "localRoots">;

/** The stores of a whole server. */
export interface LakeStores extends Stores {
  /** The same stores behind narrower boundaries. They share connections. */
  within(narrower: Places): Stores;
  uploads: Uploads;
  close(): void;
}

/** The stores of S3 and of local disk behind one set of boundaries. Clients are made when first needed. */
export function createStores(
  settings: Pick<LakeSettings, "buckets" | "localRoots" | "allowHardLinks" | "s3"> &
    Partial<Pick<LakeSettings, "exports" | "cache" | "privatePaths">>,
  {
    credentials,
    onExpired,
    timeouts,
    findsRegion = false,
    guard = unguardedServices,
    caller = {},
    anchored = process.platform === "linux",
  }: StoresDeps = {},
): LakeStores {
  const allTimeouts = { ...defaultTimeouts, ...timeouts };
  const clients = createS3Clients({
    settings: settings.s3,
    timeouts: allTimeouts,
    findsRegion,
    onExpired,
    ...(credentials === undefined ? {} : { credentials }),
  });
  const sender = createS3Sender(clients, { guard, caller, answerMs: allTimeouts.answerMs });
  // What others' calls read and found. Beside it samples of the demo may lie, which are a root.
  const { cache, privatePaths: others = [] } = settings;
  const own = cache ? ["v1", "queries"].map((name) => join(cache.dir, name)) : [];
  const privatePaths = createPrivatePaths([...own, ...others], { ignoreCase: !anchored });
  const fence = { allowHardLinks: settings.allowHardLinks, anchored, privatePaths };
  const { buckets = [], encryption = { method: "bucket" } } = settings.exports ?? {};
  const writable = createBoundaries({ buckets, localRoots: [] });
  return {
    ...storesWithin(settings, sender, fence),
    within: (narrower) => storesWithin(narrower, sender, fence),
    uploads: createS3Uploads(writable, sender, encryption),
    close: clients.close,
  };
}

function storesWithin(places: Places, sender: S3Sender, fence: FenceOptions): Stores {
  const boundaries = createBoundaries(places);
  const local = createLocalStore(boundaries, fence);
  const s3 = createS3Store(boundaries, sender);
  const storeOf = ({ kind }: Location) => (kind === "s3" ? s3 : local);
  return {
    resolve: boundaries.resolve,
    places: (signal) => listPlaces(places, sender, signal),
    pageEnds: new RecentMap(rememberedPages, ({ length }) => length),
    list: async (request, signal) => storeOf(request.location).list(request, signal),
    head: async (location, signal) => storeOf(location).head(location, signal),
    read: async (request, signal) => storeOf(request.location).read(request, signal),
    openLocal: async (object) => local.openLocal(object),
  };
}
