import { ToolError } from "../../core/errors.ts";
import { quoteName } from "../location-names.ts";
import { type Action, type AddFile, damagedLog, fileKey, type Metadata, type Protocol } from "./actions.ts";
import { canonicalPath } from "./table-path.ts";

/** Files a table may have at any time of its log's replay: each takes about a kilobyte. */
const maxLiveFiles = 100_000;

/** What a table holds at one version. */
export interface TableState {
  protocol: Protocol;
  metadata: Metadata;
  /** In the order of their paths. */
  files: AddFile[];
}

/**
 * Replays a log from its oldest action on, so that memory goes with the files a table has, not with those it ever had.
 * Throws `too_large` past 100,000 files. Source: Delta protocol, "Action Reconciliation".
 */
export class Replay {
  private readonly uri: string;
  private readonly live = new Map<string, { add: AddFile; version: number }>();
  private protocol: Protocol | undefined;
  private metadata: Metadata | undefined;

  constructor(uri: string) {
    this.uri = uri;
  }

  apply({ add, remove, protocol, metaData }: Action, version: number): void {
    if (protocol) this.protocol = protocol;
    if (metaData) this.metadata = metaData;
    if (remove) {
      const key = keyOf(remove);
      // Actions of one version have no order among them: what it adds is there, whatever else it says.
      if (this.live.get(key)?.version !== version) this.live.delete(key);
    }
    if (add) this.live.set(keyOf(add), { add, version });
    if (this.live.size > maxLiveFiles) throw this.tooLarge();
  }

  /** Throws `invalid_input` where the log never said what the table is. */
  finish(): TableState {
    const { protocol, metadata } = this;
    if (!protocol) throw damagedLog(this.uri, "no protocol action is in it");
    if (!metadata) throw damagedLog(this.uri, "no metaData action is in it");
    const files = [...this.live.values()].map(({ add }) => add);
    return { protocol, metadata, files: files.sort((a, b) => (a.path < b.path ? -1 : 1)) };
  }

  private tooLarge(): ToolError {
    return new ToolError(
      "too_large",
      `The Delta table ${quoteName(this.uri)} has more than ${maxLiveFiles} files. Compact it (OPTIMIZE) to read it here.`,
      { details: { maxFiles: maxLiveFiles } },
    );
  }
}

/** Writers spell one path in several ways. */
function keyOf(file: Parameters<typeof fileKey>[0]): string {
  return fileKey({ ...file, path: canonicalPath(file.path) });
}
