import { randomUUID } from "node:crypto";
import { linkSync } from "node:fs";
import { link, mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { setImmediate as othersTurn } from "node:timers/promises";
import { createDirectCalls, type DirectCalls } from "../cache/direct-calls.ts";
import type { NamedScan, Scan, ScanFile } from "./engine.ts";
import { type JobFolder, type LinkTo, type LinkWays, linkScan, tableFolder } from "./job-folder.ts";
import type { PreparedStore } from "./prepared-store.ts";
import type { JobScan, RunJob } from "./protocol.ts";
import { RecurringFolders } from "./recurring-folders.ts";
import { digestOf, hasVersions, scansOf } from "./scan-identity.ts";

/** Hard links made in one go, which takes about as long as to have a thread of Node's pool make two. */
const linksInOneGo = 64;

interface HeldScan {
  scan: JobScan;
  folder: string;
}

/** The tables of one job, linked. */
export interface LinkedTables extends Pick<RunJob, "tables" | "links"> {
  /** To be called when the job is over. */
  remove(): Promise<void>;
}

export interface ScanLinksOptions {
  /** Where the symbolic links of scans that are held lie. */
  folder: string;
  prepared: PreparedStore;
  /** A folder in which cached files may get further names. */
  newLinksFolder(): Promise<string>;
}

/** Links the files of scans for workers: in the folder of one job, or once for all jobs over a scan that is held. */
export class ScanLinks {
  private readonly folder: string;
  private readonly prepared: PreparedStore;
  private readonly held = new Map<Scan, JobScan>();
  private readonly calls = createDirectCalls();
  private readonly recurring: RecurringFolders;

  constructor({ folder, prepared, newLinksFolder }: ScanLinksOptions) {
    this.folder = folder;
    this.prepared = prepared;
    this.recurring = new RecurringFolders(newLinksFolder, this.calls);
  }

  async of(folder: JobFolder, table: number, scan: Scan): Promise<JobScan> {
    return this.held.get(scan) ?? linkScan(tableFolder(folder, table), scan, this.prepared);
  }

  /** Of a statement. `mayRecur`: under names that come again for the same tables, where their files can have such. */
  async tables(folder: JobFolder, named: readonly NamedScan[], mayRecur: boolean): Promise<LinkedTables> {
    const recurring =
      mayRecur && canRecur(named, this.held) ? await this.underRecurringNames(named) : undefined;
    if (recurring) return recurring;
    const tables = await linkEach(named, (scan, index) => this.of(folder, index, scan));
    return { tables, remove: async () => {} };
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

  /** By hard links: what the engine may read it tells by where symbolic ones lead, which is another place each time. */
  private async underRecurringNames(named: readonly NamedScan[]): Promise<LinkedTables | undefined> {
    const key = digestOf(named);
    const folder = await this.recurring.take(key).catch(() => undefined);
    if (!folder) return undefined;
    const linkTo = createLinker(this.calls);
    try {
      const tables = await linkEach(named, (scan, index) =>
        linkScan(tableFolder(folder, index), scan, this.prepared, { linkTo }),
      );
      const paths = tables.flatMap(({ scan }) => scan.files.map(({ path }) => path));
      return { tables, links: { key, folder: folder.path }, remove: () => folder.leave(paths) };
    } catch {
      // As where files are to be held.
      await folder.discard();
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

/** Links each scan once, however many names it has. Where one cannot be, the others are no more under way. */
async function linkEach(
  named: readonly NamedScan[],
  link: (scan: Scan, index: number) => Promise<JobScan>,
): Promise<RunJob["tables"]> {
  const linking = scansOf(named).map(async (scan, index) => ({
    names: named.filter((table) => table.scan === scan).map(({ name }) => name),
    scan: await link(scan, index),
  }));
  await Promise.allSettled(linking);
  return Promise.all(linking);
}

/** Parquet files of the cache, whose rows all count: a caller's own files are to have no second name. */
function canRecur(named: readonly NamedScan[], held: ReadonlyMap<Scan, unknown>): boolean {
  const isFit = ({ isCached, deleted }: ScanFile) => isCached && !deleted;
  return (
    named.length > 0 &&
    named.every(
      ({ scan }) =>
        !held.has(scan) &&
        scan.format === "parquet" &&
        scan.files.length > 0 &&
        hasVersions(scan) &&
        scan.files.every(isFit),
    )
  );
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
