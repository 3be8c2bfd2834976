import { randomUUID } from "node:crypto";
import { linkSync } from "node:fs";
import { link, mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { setImmediate as othersTurn } from "node:timers/promises";
import { createDirectCalls, type DirectCalls } from "../cache/direct-calls.ts";
import type { Scan } from "./engine.ts";
import { type JobFolder, type LinkTo, type LinkWays, linkScan, tableFolder } from "./job-folder.ts";
import type { PreparedStore } from "./prepared-store.ts";
import type { JobScan } from "./protocol.ts";

/** Hard links made in one go, which takes about as long as to have a thread of Node's pool make two. */
const linksInOneGo = 64;

interface HeldScan {
  scan: JobScan;
  folder: string;
}

/** Links the files of scans for workers: in the folder of one job, or once for all jobs over a scan that is held. */
export class ScanLinks {
  private readonly folder: string;
  private readonly prepared: PreparedStore;
  private readonly held = new Map<Scan, JobScan>();
  private readonly calls = createDirectCalls();

  /** `folder` is where the symbolic links of scans that are held lie. */
  constructor(folder: string, prepared: PreparedStore) {
    this.folder = folder;
    this.prepared = prepared;
  }

  async of(folder: JobFolder, table: number, scan: Scan): Promise<JobScan> {
    return this.held.get(scan) ?? linkScan(tableFolder(folder, table), scan, this.prepared);
  }

  async hold(scan: Scan, linksFolder: string | undefined): Promise<() => Promise<void>> {
    const byHardLinks = linksFolder === undefined ? undefined : await this.linkHard(scan, linksFolder);
    const held = byHardLinks ?? (await this.linkIn(join(this.folder, randomUUID()), scan));
    this.held.set(scan, held.scan);
    return () => {
      this.held.delete(scan);
      return rm(held.folder, { recursive: true, force: true });
    };
  }

  /** The engine follows every symbolic link at each of its looks at a file. Undefined where there can be no others. */
  private async linkHard(scan: Scan, folder: string): Promise<HeldScan | undefined> {
    try {
      const held = await this.linkIn(folder, scan, { linkTo: createLinker(this.calls), hasValues: true });
      return { ...held, scan: { ...held.scan, heldIn: folder } };
    } catch {
      // On another file system, or for a file with as many names as it can have. What else is wrong, symbolic links tell.
      return undefined;
    }
  }

  private async linkIn(folder: string, scan: Scan, ways?: LinkWays): Promise<HeldScan> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    try {
      return { scan: await linkScan(folder, scan, this.prepared, ways), folder };
    } catch (thrown) {
      await rm(folder, { recursive: true, force: true });
      throw thrown;
    }
  }
}

function createLinker(calls: DirectCalls): LinkTo {
  let made = 0;
  return async (target, path) => {
    await calls.do(
      () => linkSync(target, path),
      () => link(target, path),
    );
    if (++made % linksInOneGo === 0) await othersTurn();
  };
}
