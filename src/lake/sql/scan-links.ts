import type { Scan } from "./engine.ts";
import { type JobFolder, linkScan, makeJobFolder } from "./job-folder.ts";
import type { PreparedStore } from "./prepared-store.ts";
import type { JobScan } from "./protocol.ts";

/** Links the files of scans for workers: in the folder of one job, or once for all jobs over a scan that is held. */
export class ScanLinks {
  private readonly folder: string;
  private readonly prepared: PreparedStore;
  private readonly held = new Map<Scan, JobScan>();

  /** `folder` is where the links of scans that are held lie. */
  constructor(folder: string, prepared: PreparedStore) {
    this.folder = folder;
    this.prepared = prepared;
  }

  async of(folder: JobFolder, table: number, scan: Scan): Promise<JobScan> {
    return this.held.get(scan) ?? linkScan(folder, table, scan, this.prepared);
  }

  async hold(scan: Scan): Promise<() => Promise<void>> {
    const folder = await makeJobFolder(this.folder);
    try {
      this.held.set(scan, await linkScan(folder, 0, scan, this.prepared));
    } catch (thrown) {
      await folder.remove();
      throw thrown;
    }
    return () => {
      this.held.delete(scan);
      return folder.remove();
    };
  }
}
