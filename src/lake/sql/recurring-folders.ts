import { rmSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { DirectCalls } from "../cache/direct-calls.ts";

/** Files of a folder that is removed in one go, which takes a fraction of the way to a thread of Node's pool and back. */
const filesInOneGo = 64;

export interface RecurringFolder {
  path: string;
  /** With its files, which are `fileCount`. Never rejects. */
  remove(fileCount: number): Promise<void>;
}

/**
 * Folders whose names come again: of those who ask by one name at once each has its own, and who comes after them has
 * one that they had.
 */
export class RecurringFolders {
  private readonly parent: () => Promise<string>;
  private readonly calls: DirectCalls;
  private readonly taken = new Set<string>();
  private made: Promise<string> | undefined;

  /** `parent` is asked for once, as long as it can be had. */
  constructor(parent: () => Promise<string>, calls: DirectCalls) {
    this.parent = parent;
    this.calls = calls;
  }

  /** An empty one. `remove` ends it, before its name comes again. */
  async take(name: string): Promise<RecurringFolder> {
    const own = this.free(name);
    this.taken.add(own);
    try {
      const path = join(await this.root(), own);
      await mkdir(path, { recursive: true, mode: 0o700 });
      return { path, remove: (fileCount) => this.remove(own, path, fileCount) };
    } catch (thrown) {
      this.taken.delete(own);
      throw thrown;
    }
  }

  private free(name: string): string {
    for (let number = 0; ; number++) {
      const own = `${name}-${number}`;
      if (!this.taken.has(own)) return own;
    }
  }

  private async root(): Promise<string> {
    this.made ??= this.parent();
    try {
      return await this.made;
    } catch (thrown) {
      this.made = undefined;
      throw thrown;
    }
  }

  /** The name of one that cannot be removed does not come again. */
  private async remove(own: string, path: string, fileCount: number): Promise<void> {
    const options = { recursive: true, force: true };
    const pooled = () => rm(path, options);
    try {
      if (fileCount > filesInOneGo) await pooled();
      else await this.calls.do(() => rmSync(path, options), pooled);
      this.taken.delete(own);
    } catch {
      // Its links are swept with the others of this process.
    }
  }
}
