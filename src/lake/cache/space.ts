import { type Claim, makeClaim, type Reservation, reserveRoom } from "./claims.ts";
import type { DownloadOptions } from "./download.ts";
import { createEvictor } from "./evict.ts";
import { type FolderOptions, openFolder } from "./folder.ts";
import { createTurns } from "./in-turn.ts";
import { type Pin, pinEntry } from "./pins.ts";
import { createSparseEntries, type SparseEntries } from "./sparse-entries.ts";

/** The cache folder, shared with other processes and never over its cap. */
export interface Space {
  /** The entry of `key`, as just used. `undefined` where there is none. */
  pin(key: string): Promise<Pin | undefined>;
  /** Objects of which only parts may be there. */
  sparse: SparseEntries;
  /** Room for bytes an entry is about to grow by. Throws `too_large` where none can be made. */
  reserve(sizeBytes: number): Promise<Reservation>;
  /** Throws `too_large` where no room can be made. */
  claim(sizeBytes: number): Promise<Claim>;
  /** Evicts so many bytes, or all there is; whether that was anything. For a disk that is full before the cap is reached. */
  freeDisk(sizeBytes: number): Promise<boolean>;
  evict(key: string): Promise<void>;
  usedBytes(): number;
  close(): Promise<void>;
}

export interface SpaceOptions extends FolderOptions {
  download: DownloadOptions;
  /** Names the start of the machine. */
  boot: string;
}

export async function openSpace({ download, boot, ...options }: SpaceOptions): Promise<Space> {
  const folder = await openFolder(options);
  const evictor = createEvictor(folder);
  const inTurn = createTurns();
  await evictor.look();
  await evictor.makeRoom(0);
  const sparse = createSparseEntries(folder, download, boot);
  return {
    sparse,
    reserve: (sizeBytes) =>
      inTurn(async () => {
        const { release } = await reserveRoom(folder, evictor, sizeBytes);
        return { release: () => inTurn(release) };
      }),
    pin: (key) => pinEntry(folder, key),
    claim: (sizeBytes) =>
      inTurn(async () => {
        const claim = await makeClaim(folder, evictor, sizeBytes);
        return {
          ...claim,
          resize: (bytes) => inTurn(() => claim.resize(bytes)),
          publish: (key) => inTurn(() => claim.publish(key)),
          drop: () => inTurn(claim.drop),
        };
      }),
    freeDisk: (sizeBytes) => inTurn(() => evictor.free(sizeBytes)),
    evict: (key) => inTurn(() => evictor.evict(key)),
    usedBytes: folder.ledger.usedBytes,
    async close() {
      await sparse.close();
      await Promise.allSettled(folder.releasing);
      await folder.instance.leave();
    },
  };
}
