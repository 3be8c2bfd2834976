import { unlinkSync } from "node:fs";
import { mkdir, rm, unlink } from "node:fs/promises";
import { join } from "node:path";
import { setImmediate as othersTurn } from "node:timers/promises";
import type { DirectCalls } from "../cache/direct-calls.ts";

/** Files removed in one go, which takes a fraction of the way to a thread of Node's pool and back. */
const filesInOneGo = 64;
/** Empty folders that stay for who asks again: to remove one and make it anew takes as long as a small question. */
const emptyFolders = 256;

export interface RecurringFolder {
  path: string;
  /** Gives it back, once the `files` in it are gone. Never rejects. */
  leave(files: readonly string[]): Promise<void>;
  /** The same with whatever is in it. */
  discard(): Promise<void>;
}

/**
 * Folders whose names come again: of those who ask by one name at once each has its own, and who comes after them has
 * one that they had, without a file.
 */
export class RecurringFolders {
  private readonly parent: () => Promise<string>;
  private readonly calls: DirectCalls;
  /** Names of folders that somebody has, or that are not known to be empty. */
  private readonly taken = new Set<string>();
  /** Those left empty, the latest last. */
  private readonly empty = new Set<string>();
  private made: Promise<string> | undefined;

  /** `parent` is asked for once, as long as it can be had. */
  constructor(parent: () => Promise<string>, calls: DirectCalls) {
    this.parent = parent;
    this.calls = calls;
  }

  async take(name: string): Promise<RecurringFolder> {
    const own = this.free(name);
    this.taken.add(own);
    this.empty.delete(own);
    try {
      const path = join(await this.root(), own);
      await mkdir(path, { recursive: true, mode: 0o700 });
      return {
        path,
        leave: (files) => this.leave(own, path, files),
        discard: () => this.discard(own, path),
      };
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

  private async leave(own: string, path: string, files: readonly string[]): Promise<void> {
    try {
      for (const [at, file] of files.entries()) {
        await this.calls.do(
          () => unlinkSync(file),
          () => unlink(file),
        );
        if ((at + 1) % filesInOneGo === 0) await othersTurn();
      }
    } catch {
      return this.discard(own, path);
    }
    // Its files may have lain in as many folders.
    if (files.length > filesInOneGo) return this.discard(own, path);
    this.taken.delete(own);
    this.empty.add(own);
    const [oldest = ""] = this.empty;
    if (this.empty.size <= emptyFolders) return;
    this.empty.delete(oldest);
    this.taken.add(oldest);
    void this.discard(oldest, join(path, "..", oldest));
  }

  /** The name of one that cannot be removed does not come again: it is swept with the others of this process. */
  private async discard(own: string, path: string): Promise<void> {
    const isGone = await rm(path, { recursive: true, force: true }).then(
      () => true,
      () => false,
    );
    if (isGone) this.taken.delete(own);
  }
}
