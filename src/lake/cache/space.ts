import { utimes } from "node:fs/promises";
import { RecentMap } from "../recent-map.ts";
import { type Claim, makeClaim } from "./claims.ts";
import { createEvictor, type Evictor } from "./evict.ts";
import { type CacheFolder, type FolderOptions, openFolder, wholeKey } from "./folder.ts";
import { createTurns } from "./in-turn.ts";
import { isAllInUse } from "./no-room.ts";
import { type Pin, pinEntry } from "./pins.ts";
import { newRangeIndex, openRangeIndex, type RangeIndex, wholeRangeIndex } from "./range-index.ts";
import { createReservations, type Reservation } from "./reservations.ts";
import { isUnused, pinSparse } from "./sparse-files.ts";
import { createSyncing } from "./syncing.ts";
import { pinWhole } from "./whole-files.ts";

/** An entry of an object. */
export interface OpenedEntry {
  /** Its name in the folder, which for others that are small is not that of the object. */
  key: string;
  pin: Pin;
  index: RangeIndex;
  /** On disk. */
  usedBytes: number;
}

/** The cache folder, shared with other processes and never over its cap. */
export interface Space {
  /** The entry of `key`, as just used. `undefined` where there is none. */
  pin(key: string): Promise<Pin | undefined>;
  /** Throws `too_large` where no room can be made. */
  claim(sizeBytes: number): Promise<Claim>;
  /** The sparse file of the object `key` and its index, made with nothing in it where there is none of this size. */
  sparse(key: string, sizeBytes: number): Promise<OpenedEntry>;
  /**
   * The file of the small object `key`, made of what `content` brings where there is none of this size; `undefined` without
   * `content`, and where the system does not tell the boots of the machine apart.
   */
  whole(
    key: string,
    sizeBytes: number,
    content?: () => Promise<readonly Uint8Array[]>,
  ): Promise<OpenedEntry | undefined>;
  /** Throws `too_large` where no room can be made. */
  reserve(sizeBytes: number): Promise<Reservation>;
  /** Notes what an entry takes now, as just used; nothing where it is gone. */
  record(key: string, sizeBytes: number): void;
  /** Notes for all processes that the entry was just used. */
  touch(key: string, pin: Pin): Promise<void>;
  /** Evicts the entry, unless there are more pins than one. */
  evictUnused(key: string): Promise<void>;
  /** Sees that what a power cut would lose comes to the disk in a while. */
  sync(key: string, pin: Pin, index: RangeIndex): void;
  /** Evicts so many bytes, or all there is; whether that was anything. For a disk that is full before the cap is reached. */
  freeDisk(sizeBytes: number): Promise<boolean>;
  evict(key: string): Promise<void>;
  /** For further names of what is pinned, as long as it is. A new one each time, not made yet. */
  newLinksFolder(): string;
  usedBytes(): number;
  close(): Promise<void>;
}

/** Indexes need not be read again from the disk while the file is the one they speak of. */
const rememberedIndexes = 20_000;

export async function openSpace(options: FolderOptions): Promise<Space> {
  const folder = await openFolder(options);
  const evictor = createEvictor(folder);
  const inTurn = createTurns();
  const syncing = createSyncing(folder);
  const indexes = rememberIndexes(folder);
  await evictor.look();
  await evictor.makeRoom(0);
  return {
    ...roomIn(folder, evictor, inTurn),
    pin: (key) => pinEntry(folder, key, true),
    async sparse(key, sizeBytes) {
      const { pin, isMade } = await pinSparse(folder, key, sizeBytes);
      const index = isMade ? newRangeIndex(folder, key, pin.inode) : await indexes.open(key, pin);
      indexes.remember(key, pin, index);
      return { key, pin, index, usedBytes: folder.ledger.entries.get(key)?.sizeBytes ?? 0 };
    },
    whole: (key, sizeBytes, content) => openWhole(folder, key, sizeBytes, content),
    record(key, sizeBytes) {
      if (folder.ledger.entries.has(key)) folder.ledger.record(key, sizeBytes, folder.now());
    },
    async touch(key, pin) {
      const { ledger, now } = folder;
      await utimes(pin.path, now() / 1000, now() / 1000);
      const entry = ledger.entries.get(key);
      if (entry) ledger.record(key, entry.sizeBytes, now()).shownMs = now();
    },
    evictUnused: (key) =>
      inTurn(async () => {
        if (await isUnused(folder, key)) await evictor.evict(key);
      }),
    async freeDisk(sizeBytes) {
      if (await inTurn(() => evictor.free(sizeBytes))) return true;
      await folder.letGo();
      return inTurn(() => evictor.free(sizeBytes));
    },
    evict: (key) => inTurn(() => evictor.evict(key)),
    sync: syncing.start,
    newLinksFolder: folder.instance.newLinks,
    usedBytes: folder.ledger.usedBytes,
    async close() {
      await Promise.allSettled(folder.releasing);
      await syncing.finished();
      await folder.instance.leave();
    },
  };
}

async function openWhole(
  folder: CacheFolder,
  objectKey: string,
  sizeBytes: number,
  content?: () => Promise<readonly Uint8Array[]>,
): Promise<OpenedEntry | undefined> {
  if (!folder.knowsBoot) return undefined;
  const key = wholeKey(objectKey, folder);
  const pinned = await pinWhole(folder, key, sizeBytes, content);
  if (!pinned) return undefined;
  const { pin, isMade } = pinned;
  // Also where a look at the folder missed it while it was made.
  if (isMade) folder.ledger.record(key, sizeBytes, folder.now());
  return { key, pin, index: wholeRangeIndex(folder, key, pin), usedBytes: sizeBytes };
}

function rememberIndexes(folder: CacheFolder) {
  const known = new RecentMap<{ identity: string; index: RangeIndex }>(rememberedIndexes);
  return {
    async open(key: string, { inode, identity }: Pin): Promise<RangeIndex> {
      const before = known.get(key);
      return before && before.identity === identity ? before.index : openRangeIndex(folder, key, inode);
    },
    remember(key: string, { identity }: Pin, index: RangeIndex): void {
      if (identity !== undefined) known.set(key, { identity, index });
    },
  };
}

/** What is about to be written, and must not be granted while the evictor works. */
function roomIn(
  folder: CacheFolder,
  evictor: Evictor,
  inTurn: <T>(work: () => Promise<T>) => Promise<T>,
): Pick<Space, "claim" | "reserve"> {
  const reservations = createReservations(folder, evictor);
  // Outside the turn: what is given back may have to wait for turns of its own.
  const orLetGo = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await inTurn(work);
    } catch (thrown) {
      if (!isAllInUse(thrown)) throw thrown;
    }
    await folder.letGo();
    return inTurn(work);
  };
  return {
    claim: (sizeBytes) =>
      orLetGo(async () => {
        const claim = await makeClaim(folder, evictor, sizeBytes);
        return {
          ...claim,
          resize: (bytes) => orLetGo(() => claim.resize(bytes)),
          publish: (key) => inTurn(() => claim.publish(key)),
          drop: () => inTurn(claim.drop),
        };
      }),
    reserve: (sizeBytes) =>
      orLetGo(async () => {
        const reservation = await reservations.reserve(sizeBytes);
        return { ...reservation, end: () => inTurn(reservation.end) };
      }),
  };
}
