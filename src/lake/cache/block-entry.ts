import { ToolError } from "../../core/errors.ts";
import type { LakeScope } from "../scope.ts";
import { stopError } from "../stores/stopped.ts";
import type { StoredObject } from "../stores/store.ts";
import { coalesce, createRangeSet, splitRange, sumBytes, tidyRanges } from "./byte-ranges.ts";
import type { ByteRange, Fetched } from "./cache.ts";
import { isDiskFull, makingRoom } from "./disk-full.ts";
import { createPartFetcher, type FetchOptions } from "./part-fetcher.ts";
import type { Pin } from "./pins.ts";
import { createProgress } from "./progress.ts";
import { createRangeFlights, type RangeFlight, type RangeFlights } from "./range-flights.ts";
import type { RangeIndex } from "./range-index.ts";
import { readWhole } from "./read-range.ts";
import type { Reservation } from "./reservations.ts";
import { smallObjectBytes } from "./small-object.ts";
import type { OpenedEntry, Space } from "./space.ts";

/** An object's file while anybody of this process has it open. */
export interface BlockEntry {
  pin: Pin;
  missing(ranges: readonly ByteRange[]): ByteRange[];
  /** Whether what is in it was fetched as it was opened. */
  isFetched: boolean;
  /** `onMissing`: to be called where something has to be waited for. */
  ensure(
    ranges: readonly ByteRange[],
    options: { maxGapBytes: number; onMissing(): void },
    scope: LakeScope,
  ): Promise<Fetched>;
  /** Stops what is under way. */
  stop(reason: ToolError): void;
  /** After the last asker left. Settles when its own name is gone. Never rejects. */
  close(): Promise<void>;
}

export interface BlockEntryOptions {
  space: Space;
  fetch: FetchOptions;
  object: StoredObject;
  key: string;
  /** Present for a small object that is fetched with all of it where it is not there yet. */
  whole: WholeFetch | undefined;
  /** The object is not this version any more: the entry was evicted, and nobody should be given it. */
  onChanged(): void;
}

export interface WholeFetch {
  signal: AbortSignal;
  onFetched: ((pieces: readonly Uint8Array[]) => void) | undefined;
}

/** How often what others were refused room for is tried alone. */
const maxRounds = 4;

export async function openBlockEntry(asked: BlockEntryOptions): Promise<BlockEntry> {
  const { space, object } = asked;
  const { key, pin, index, usedBytes, isFetched } = await openEntry(asked);
  const options = { ...asked, key };
  const flights = createRangeFlights();
  const parts = createPartFetcher({ ...options, pin, index, usedBytes });
  const entry: OpenEntry = { options, pin, index, flights, parts, ending: new Set(), wasRefused: false };
  const tidy = (ranges: readonly ByteRange[]) => tidyRanges(ranges, object.sizeBytes);
  const wasBare = index.held.bytes() === 0;
  const missing = (ranges: readonly ByteRange[]) => index.held.gaps(tidy(ranges));
  return {
    pin,
    missing,
    isFetched,
    async ensure(ranges, { maxGapBytes, onMissing }, scope) {
      const made = { fetchedBytes: 0, requests: 0 };
      if (missing(ranges).length === 0) return made;
      await index.refresh();
      const wish: Wish = { wanted: tidy(ranges), maxGapBytes, scope, made };
      if (missing(ranges).length > 0) onMissing();
      try {
        await makingRoom(
          space,
          object,
          () => sumBytes(missing(ranges)),
          () => bring(entry, wish),
        );
        entry.wasRefused = false;
      } catch (thrown) {
        entry.wasRefused ||= wasBare && isDiskFull(thrown);
        throw thrown;
      }
      return made;
    },
    stop: flights.stop,
    close: () => close(entry),
  };
}

type Opened = OpenedEntry & Pick<BlockEntry, "isFetched">;

async function openEntry(options: BlockEntryOptions): Promise<Opened> {
  const { space, object, key } = options;
  const isSmall = object.sizeBytes > 0 && object.sizeBytes <= smallObjectBytes;
  const small = isSmall ? await openSmall(options) : undefined;
  return small ?? { ...(await space.sparse(key, object.sizeBytes)), isFetched: false };
}

/** Kept with one write, once all of it came. */
async function openSmall({
  space,
  fetch,
  object,
  key,
  whole,
}: BlockEntryOptions): Promise<Opened | undefined> {
  let room: Reservation | undefined;
  const content = async ({ signal, onFetched }: WholeFetch) => {
    room = await space.reserve(object.sizeBytes);
    const pieces = await fetch.gate(() => readWhole(fetch.store, object, signal), signal);
    fetch.counts.fetchedBytes += object.sizeBytes;
    onFetched?.(pieces);
    return pieces;
  };
  try {
    const opened = await space.whole(key, object.sizeBytes, whole && (() => content(whole)));
    room?.spend(object.sizeBytes);
    return opened && { ...opened, isFetched: room !== undefined };
  } finally {
    await room?.end();
  }
}

interface OpenEntry {
  options: BlockEntryOptions;
  pin: Pin;
  index: RangeIndex;
  flights: RangeFlights;
  parts: ReturnType<typeof createPartFetcher>;
  /** Reservations on their way out. */
  ending: Set<Promise<void>>;
  /** For want of room on the disk, before anything of it was kept: what came takes the room others could have. */
  wasRefused: boolean;
}

/** One asking, and what was done for it so far. */
interface Wish {
  wanted: readonly ByteRange[];
  maxGapBytes: number;
  scope: LakeScope;
  made: Fetched;
}

async function bring(entry: OpenEntry, wish: Wish): Promise<void> {
  const { index, pin, options } = entry;
  for (let round = 1; index.held.gaps(wish.wanted).length > 0; round++) {
    if (wish.scope.signal.aborted) throw stopError(wish.scope.signal);
    const own = startMissing(entry, wish);
    try {
      await waitFor(entry, [...own.flights, ...own.others], wish.scope);
    } catch (thrown) {
      const isOthersRefusal =
        thrown instanceof ToolError && thrown.code === "too_large" && thrown !== own.refusal();
      if (!isOthersRefusal || round === maxRounds) throw thrown;
    }
  }
  await index.flush();
  if (wish.made.requests > 0) await options.space.touch(options.key, pin);
}

/** Begins what nobody fetches yet, once there is room for all of it. */
function startMissing(entry: OpenEntry, { wanted, maxGapBytes, made }: Wish) {
  const { index, flights, parts, options } = entry;
  const missing = index.held.gaps(wanted);
  const others = flights.over(missing);
  const flying = createRangeSet();
  for (const flight of others) flying.add(flight);
  const isFree = (gap: ByteRange) =>
    sumBytes(index.held.gaps([gap])) === gap.end - gap.start && flights.over([gap]).length === 0;
  const pieces = coalesce(flying.gaps(missing), maxGapBytes, isFree).flatMap((range) =>
    splitRange(range, options.fetch.partBytes),
  );
  if (pieces.length === 0) return { flights: [], others, refusal: () => undefined };
  let refusal: unknown;
  const room = options.space.reserve(parts.growth(pieces));
  room.catch((thrown: unknown) => {
    refusal = thrown;
  });
  const own = pieces.map((piece) =>
    flights.start(piece, async (controls) => parts.fetch(piece, await room, made, controls)),
  );
  endWhenDown(entry, own, async () => (await room).end());
  return { flights: own, others, refusal: () => refusal };
}

function endWhenDown({ ending }: OpenEntry, flights: readonly RangeFlight[], end: () => Promise<void>): void {
  const ended: Promise<void> = Promise.allSettled(flights.map(({ landed }) => landed))
    .then(end)
    .catch(() => {})
    .finally(() => ending.delete(ended));
  ending.add(ended);
}

async function waitFor(
  { flights }: OpenEntry,
  wanted: readonly RangeFlight[],
  scope: LakeScope,
): Promise<void> {
  const progress = createProgress(scope, {
    done: wanted.reduce((sum, { doneBytes }) => sum + doneBytes, 0),
    total: sumBytes(wanted),
    message: "downloading bytes",
  });
  await flights.wait(wanted, scope, progress);
}

/** Nothing is left of a file nothing came of, or not all that was asked for. */
async function close(entry: OpenEntry): Promise<void> {
  const { options, pin, index, flights, parts, ending } = entry;
  const { space, object, key } = options;
  await flights.settled();
  await Promise.all(ending);
  const isBare = index.held.bytes() === 0 && object.sizeBytes > 0;
  try {
    if (parts.isChanged()) await index.flush();
    else if (isBare || entry.wasRefused) await space.evictUnused(key);
    else {
      await index.flush();
      space.sync(key, pin, index);
    }
  } catch {
    // What the index does not say is fetched again.
  }
  await pin.release();
}
