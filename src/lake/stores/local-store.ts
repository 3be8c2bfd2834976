import type { BigIntStats } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { ToolError } from "../../core/errors.ts";
import type { Boundaries } from "../boundaries.ts";
import type { Location } from "../location.ts";
import { changedMeanwhile } from "./interrupted.ts";
import { type FenceOptions, type FenceRequest, openFile, realRoot } from "./local-fence.ts";
import { type LocalEntry, walkFolder } from "./local-listing.ts";
import type {
  ListPage,
  ListRequest,
  ObjectDetails,
  ReadRequest,
  Store,
  StoredObject,
  Stores,
} from "./store.ts";

export type LocalStore = Store & Pick<Stores, "openLocal">;

type LocalLocation = Extract<Location, { kind: "local" }>;

/** Files below the local roots. A file's etag is made of inode, size and time of modification in nanoseconds. */
export function createLocalStore(boundaries: Boundaries, options: FenceOptions): LocalStore {
  const request = (location: Location): FenceRequest => {
    const { path } = local(location);
    return { ...boundaries.locate(path), name: path };
  };
  const open = async (location: Location) => openFile(request(location), options);
  return {
    list: ({ location, ...rest }, signal) => list({ location, ...rest }, request(location), options, signal),
    async head(location, signal) {
      signal.throwIfAborted();
      const { handle, stats } = await open(location);
      await handle.close();
      return describe(local(location).path, stats);
    },
    async read(asked, signal) {
      signal.throwIfAborted();
      const { handle, stats } = await open(asked.location);
      await handle.close();
      const { path } = local(asked.location);
      const object = describe(path, stats);
      if (asked.ifMatch !== undefined) refuseOther(object, asked.ifMatch);
      const { start, end } = rangeOf(asked, object.sizeBytes);
      // Opened again when the body is walked, so that a body nobody walks holds nothing open.
      const body = readRange(() => open(asked.location), object, start, end, signal);
      return { etag: object.etag, sizeBytes: object.sizeBytes, start, body };
    },
    openLocal: (object) => openInPlace(object, request(object.location), options),
  };
}

function local(location: Location): LocalLocation {
  if (location.kind !== "local") throw new TypeError("The local store was asked for an S3 location.");
  return location;
}

async function list(
  { delimiter, startAfter, after = startAfter, maxKeys }: ListRequest,
  request: FenceRequest,
  options: FenceOptions,
  signal: AbortSignal,
): Promise<ListPage> {
  const page: ListPage = { objects: [], prefixes: [] };
  const folder = request.name.replace(/(?<!\/)\/+$/, "");
  let last: string | undefined;
  for await (const entry of entriesOf(request, delimiter === undefined, after ?? "", options)) {
    signal.throwIfAborted();
    if (page.objects.length + page.prefixes.length >= maxKeys)
      return last === undefined ? page : { ...page, next: last };
    const path = entry.key === "" ? folder : `${folder}/${entry.key}`;
    if (entry.stats) page.objects.push(describe(path, entry.stats));
    else page.prefixes.push(path);
    last = entry.key;
  }
  return page;
}

/** A file stands for itself, as an S3 prefix that is a whole key does. */
async function* entriesOf(
  request: FenceRequest,
  recursive: boolean,
  after: string,
  options: FenceOptions,
): AsyncGenerator<LocalEntry> {
  try {
    yield* walkFolder({ ...request, recursive, after }, options);
  } catch (thrown) {
    const mayBeFile =
      thrown instanceof ToolError && thrown.code === "not_found" && request.segments.length > 0;
    if (!mayBeFile) throw thrown;
    const { handle, stats } = await openFile(request, options);
    await handle.close();
    yield { key: "", stats };
  }
}

function describe(path: string, stats: BigIntStats): ObjectDetails {
  return {
    uri: path,
    location: { kind: "local", path },
    sizeBytes: Number(stats.size),
    etag: etagOf(stats),
    lastModified: new Date(Number(stats.mtimeNs / 1_000_000n)),
  };
}

function etagOf({ ino, size, mtimeNs }: BigIntStats): string {
  return `"${ino.toString(16)}-${size.toString(16)}-${mtimeNs.toString(16)}"`;
}

function refuseOther(object: StoredObject, etag: string): void {
  if (object.etag === etag) return;
  throw changedMeanwhile(object.uri);
}

function rangeOf({ start, endExclusive, suffixBytes }: ReadRequest, sizeBytes: number) {
  if (suffixBytes !== undefined) return { start: Math.max(0, sizeBytes - suffixBytes), end: sizeBytes };
  return { start: Math.min(start ?? 0, sizeBytes), end: Math.min(endExclusive ?? sizeBytes, sizeBytes) };
}

const chunkBytes = 256 * 1024;

async function* readRange(
  open: () => Promise<{ handle: FileHandle; stats: BigIntStats }>,
  object: StoredObject,
  start: number,
  end: number,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const { handle, stats } = await open();
  try {
    refuseOther(object, etagOf(stats));
    for (let position = start; position < end; ) {
      signal.throwIfAborted();
      const buffer = Buffer.allocUnsafe(Math.min(chunkBytes, end - position));
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, position);
      if (bytesRead === 0) break;
      yield buffer.subarray(0, bytesRead);
      position += bytesRead;
    }
    // Also catches a file that was cut or rewritten in place while it was read.
    refuseOther(object, etagOf(await handle.stat({ bigint: true })));
  } finally {
    await handle.close();
  }
}

async function openInPlace(object: StoredObject, request: FenceRequest, options: FenceOptions) {
  const { handle, stats } = await openFile(request, options);
  try {
    refuseOther(object, etagOf(stats));
    const path = options.anchored
      ? `/proc/${process.pid}/fd/${handle.fd}`
      : join(await realRoot(request), ...request.segments);
    let released = false;
    return {
      path,
      verify: async () => {
        refuseOther(object, etagOf(await handle.stat({ bigint: true })));
        if (!options.anchored) await recheck(object, request, options);
      },
      release: async () => {
        if (released) return;
        released = true;
        await handle.close();
      },
    };
  } catch (thrown) {
    await handle.close();
    throw thrown;
  }
}

/** Where a path could be swapped under the reader, what it names is looked at again once it was read. */
async function recheck(object: StoredObject, request: FenceRequest, options: FenceOptions): Promise<void> {
  const { handle, stats } = await openFile(request, options);
  await handle.close();
  refuseOther(object, etagOf(stats));
}
