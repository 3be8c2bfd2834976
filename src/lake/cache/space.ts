import { type Claim, makeClaim } from "./claims.ts";
import { createEvictor } from "./evict.ts";
import { type FolderOptions, openFolder } from "./folder.ts";
import { createTurns } from "./in-turn.ts";
import { type Pin, pinEntry } from "./pins.ts";

/** The cache folder, shared with other processes and never over its cap. */
export interface Space {
  /** The entry of `key`, as just used. `undefined` where there is none. */
  pin(key: string): Promise<Pin | undefined>;
  /** Throws `too_large` where no room can be made. */
  claim(sizeBytes: number): Promise<Claim>;
  /** Evicts so many bytes, or all there is; whether that was anything. For a disk that is full before the cap is reached. */
  freeDisk(sizeBytes: number): Promise<boolean>;
  evict(key: string): Promise<void>;
  usedBytes(): number;
  close(): Promise<void>;
}

export async function openSpace(options: FolderOptions): Promise<Space> {
  const folder = await openFolder(options);
  const evictor = createEvictor(folder);
  const inTurn = createTurns();
  await evictor.look();
  await evictor.makeRoom(0);
  return {
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
      await Promise.allSettled(folder.releasing);
      await folder.instance.leave();
    },
  };
}
