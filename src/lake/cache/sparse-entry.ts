import { chmod, type FileHandle, open } from "node:fs/promises";
import { ToolError } from "../../core/errors.ts";
import type { LakeScope } from "../scope.ts";
import { orStopped } from "../stores/stopped.ts";
import type { StoredObject } from "../stores/store.ts";
import type { ByteRange } from "./cache.ts";
import type { Reservation } from "./claims.ts";
import { type DownloadOptions, downloadRange } from "./download.ts";
import { appendRanges, appendSynced } from "./range-index.ts";
import { merged, RangeSet, sizeOfRanges, split } from "./range-set.ts";

/** A range under way, for all who need it. */
interface RangeFlight extends ByteRange {
  landed: Promise<void>;
  stop: AbortController;
  waiting: number;
}

/** What fetching takes of the cache around the entry. */
export interface FetchTools {
  /** Makes room for what will be fetched. Throws `too_large`. */
  reserve(sizeBytes: number): Promise<Reservation>;
  /** Notes how much of the disk the entry takes now. */
  measure(): Promise<void>;
  /** Bytes that came since the last time. */
  onBytes(count: number): void;
}

/** One version of an object on disk, as far as it is there: shared by all of this process that read it. */
export class SparseEntry {
  readonly path: string;
  private readonly object: StoredObject;
  private readonly indexPath: string;
  private readonly download: DownloadOptions;
  private readonly there: RangeSet;
  private readonly flights = new Set<RangeFlight>();
  /** Of those that are being noted and closed. */
  private readonly closing = new Set<Promise<void>>();
  private isOutdated = false;

  constructor(
    { object, path, indexPath }: { object: StoredObject; path: string; indexPath: string },
    download: DownloadOptions,
    there: readonly ByteRange[],
  ) {
    this.object = object;
    this.path = path;
    this.indexPath = indexPath;
    this.download = download;
    this.there = new RangeSet(there);
  }

  /** Nothing of it is there, or it is of a version that the store has no more. */
  get isWorthless(): boolean {
    return this.isOutdated || (this.object.sizeBytes > 0 && this.there.toArray().length === 0);
  }

  missing(ranges: readonly ByteRange[]): ByteRange[] {
    const { sizeBytes } = this.object;
    const clipped = ranges.map(({ start, end }) => ({
      start: Math.max(0, start),
      end: Math.min(end, sizeBytes),
    }));
    return this.there.missing(clipped);
  }

  /**
   * Fetches what is missing and nobody fetches yet, and waits for the rest. Stops what it began when it is stopped
   * and nobody else waits for it. Throws `changed`, and errors of the file system.
   */
  async ensure(
    ranges: readonly ByteRange[],
    maxGapBytes: number,
    scope: LakeScope,
    tools: FetchTools,
  ): Promise<{ fetchedBytes: number; requests: number }> {
    const missing = this.missing(ranges);
    if (missing.length === 0) return { fetchedBytes: 0, requests: 0 };
    const joined = [...this.flights].filter(
      (flight) => !flight.stop.signal.aborted && missing.some((range) => overlaps(flight, range)),
    );
    const own = new RangeSet(joined).missing(missing);
    const begun = this.begin(split(merged(own, maxGapBytes), this.download.partBytes), tools);
    await waitFor([...joined, ...begun], scope);
    return {
      fetchedBytes: begun.reduce((sum, { start, end }) => sum + end - start, 0),
      requests: begun.length,
    };
  }

  /** Brings what is written to the disk itself, so that it outlasts a power cut. */
  async sync(): Promise<void> {
    const file = await open(this.path, "r");
    try {
      await file.datasync();
    } finally {
      await file.close();
    }
    await appendSynced(this.indexPath);
  }

  /** Stops all that is under way and waits for it. */
  async stop(): Promise<void> {
    for (const { stop } of this.flights) stop.abort(new ToolError("unavailable", "The server is stopping."));
    await this.settled();
  }

  /** Nothing is under way any more. */
  async settled(): Promise<void> {
    while (this.closing.size > 0) await Promise.allSettled(this.closing);
  }

  private begin(ranges: readonly ByteRange[], tools: FetchTools): RangeFlight[] {
    if (ranges.length === 0) return [];
    const opening = this.open(sizeOfRanges(ranges), tools);
    const begun = ranges.map((range) => this.fly(range, opening, tools.onBytes));
    const closed = this.close(begun, opening, tools);
    this.closing.add(closed);
    void closed.finally(() => this.closing.delete(closed));
    return begun;
  }

  /** Nobody but this process writes to it, and it only here: query workers read it. */
  private async open(sizeBytes: number, { reserve }: FetchTools): Promise<Writing> {
    const reservation = await reserve(sizeBytes);
    try {
      await chmod(this.path, 0o600);
      const file = await open(this.path, "r+");
      await chmod(this.path, 0o400);
      return { file, reservation };
    } catch (thrown) {
      await reservation.release();
      throw thrown;
    }
  }

  private fly(range: ByteRange, opening: Promise<Writing>, onBytes: (count: number) => void): RangeFlight {
    const stop = new AbortController();
    const fetch = async () => {
      const { file } = await opening;
      await this.download.gate(async () => {
        stop.signal.throwIfAborted();
        await downloadRange(this.download, this.object, file, range, stop.signal, onBytes);
      });
      this.there.add(range);
    };
    const landed = fetch();
    const flight: RangeFlight = { ...range, landed, stop, waiting: 0 };
    this.flights.add(flight);
    const done = () => this.flights.delete(flight);
    landed.then(done, (thrown: unknown) => {
      done();
      if (thrown instanceof ToolError && thrown.code === "changed") this.isOutdated = true;
    });
    return flight;
  }

  /** Once all have ended, whoever waited for them: what came is noted, so that it is known after this process. */
  private async close(
    begun: readonly RangeFlight[],
    opening: Promise<Writing>,
    { measure }: FetchTools,
  ): Promise<void> {
    const ended = await Promise.allSettled(begun.map(({ landed }) => landed));
    const came = begun.filter((_, at) => ended[at]?.status === "fulfilled");
    if (came.length > 0) await appendRanges(this.indexPath, merged(came)).catch(() => {});
    const writing = await opening.catch(() => undefined);
    if (!writing) return;
    await writing.file.close().catch(() => {});
    await measure().catch(() => {});
    await writing.reservation.release();
  }
}

interface Writing {
  file: FileHandle;
  reservation: Reservation;
}

function overlaps(left: ByteRange, right: ByteRange): boolean {
  return left.start < right.end && right.start < left.end;
}

async function waitFor(flights: readonly RangeFlight[], scope: LakeScope): Promise<void> {
  for (const flight of flights) flight.waiting++;
  try {
    await orStopped(Promise.all(flights.map(({ landed }) => landed)), scope.signal);
  } finally {
    for (const flight of flights) {
      if (--flight.waiting === 0)
        flight.stop.abort(new ToolError("timeout", "Nobody waits for this file any more."));
    }
  }
}
