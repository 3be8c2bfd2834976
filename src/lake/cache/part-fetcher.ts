import { ToolError } from "../../core/errors.ts";
import type { Store, StoredObject } from "../stores/store.ts";
import type { ByteRange, Fetched } from "./cache.ts";
import type { CacheCounts } from "./counts.ts";
import { createDiskMeter } from "./disk-bytes.ts";
import { createFileWriter } from "./file-writer.ts";
import { createGate, type Gate } from "./in-turn.ts";
import type { Pin } from "./pins.ts";
import type { RangeControls } from "./range-flights.ts";
import type { RangeIndex } from "./range-index.ts";
import { readRange } from "./read-range.ts";
import type { Reservation } from "./reservations.ts";
import type { Space } from "./space.ts";
import { openToWrite } from "./sparse-files.ts";
import type { WriteGathered } from "./write-gathered.ts";

export interface FetchOptions {
  store: Pick<Store, "read">;
  /** Bytes of each ranged read, at most. */
  partBytes: number;
  /** Ranges of one object under way at once, which the network bounds. */
  parallel: number;
  /** Of small ones, for which the wait for the first byte takes longest. */
  parallelSmall: number;
  /** Shared by all objects of the process. */
  gate: Gate;
  /** As the gate is. */
  writeGathered: WriteGathered;
  /** As the gate is. */
  counts: CacheCounts;
}

interface PartFetcherOptions {
  space: Space;
  fetch: FetchOptions;
  object: StoredObject;
  key: string;
  pin: Pin;
  index: RangeIndex;
  /** Of the file when it was opened, on disk. */
  usedBytes: number;
  onChanged(): void;
}

const smallPartBytes = 1024 * 1024;

/** Fetches parts of one object into its file, and counts what the file takes. */
export function createPartFetcher(options: PartFetcherOptions) {
  const { space, fetch, object, key, pin, index, onChanged } = options;
  const meter = createDiskMeter(object.sizeBytes);
  for (const range of index.held.all()) meter.add(range);
  // Ranges that were given up half-way are on disk too, and in no index.
  const lostBytes = Math.max(0, options.usedBytes - meter.usedBytes());
  const write = createFileWriter(() => openToWrite(pin.path));
  const largeGate = createGate(fetch.parallel);
  const smallGate = createGate(fetch.parallelSmall);
  let changed = false;
  const giveUp = async () => {
    if (changed) return;
    changed = true;
    onChanged();
    await space.evict(key);
  };
  const count = (range: ByteRange, room: Reservation) => {
    room.spend(meter.add(range));
    if (!changed) space.record(key, lostBytes + meter.usedBytes());
  };
  return {
    /** How much the file would grow on disk. */
    growth: meter.growth,
    /** Whether the object was found to be another version. */
    isChanged: () => changed,
    async fetch(part: ByteRange, room: Reservation, made: Fetched, controls: RangeControls): Promise<void> {
      const { signal } = controls;
      let end = part.start;
      const onBytes = (bytes: number) => {
        end += bytes;
        made.fetchedBytes += bytes;
        controls.onBytes(bytes);
      };
      const onRequest = () => {
        made.requests++;
      };
      const { store, writeGathered } = fetch;
      const read = { store, writeGathered, object, range: part, signal, onRequest, onBytes };
      try {
        const entryGate = part.end - part.start > smallPartBytes ? largeGate : smallGate;
        await entryGate(() => fetch.gate(() => write((writeAt) => readRange(read, writeAt)), signal), signal);
        index.note(part);
      } catch (thrown) {
        if (thrown instanceof ToolError && thrown.code === "changed") await giveUp();
        throw thrown;
      } finally {
        fetch.counts.fetchedBytes += end - part.start;
        count({ start: part.start, end }, room);
      }
    },
  };
}
