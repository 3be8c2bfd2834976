import { z } from "zod";
import { ToolError } from "../../core/errors.ts";
import { nameOf } from "../datasets/dataset.ts";
import { quoteName } from "../location-names.ts";
import type { LakeScope } from "../scope.ts";
import { readBytes } from "../stores/read-bytes.ts";
import type { StoredObject, Stores } from "../stores/store.ts";
import { damagedLog } from "./actions.ts";
import { type Checkpoint, type CommitFile, type LogFiles, sortLogFiles, versionPrefix } from "./log-files.ts";
import { below, type TableRoot } from "./table-root.ts";

/** Files of a log looked at. */
const maxLogFiles = 200_000;
const lastCheckpointBytes = 64 * 1024;

/** What is read for one version of a table: a checkpoint, where there is one, and the commits behind it in turn. */
export interface LogSegment {
  version: number;
  checkpoint: Checkpoint | undefined;
  commits: CommitFile[];
}

/** The files for the newest version. `_last_checkpoint` shortens the listing, and is believed no further. */
export async function listNewest(stores: Stores, root: TableRoot, scope: LakeScope): Promise<LogFiles> {
  const hint = await lastCheckpoint(stores, root, scope);
  if (hint === undefined) return listLog(stores, root, scope);
  const files = await listLog(stores, root, scope, versionPrefix(hint));
  return files.checkpoints.length > 0 ? files : listLog(stores, root, scope);
}

/** Files of a log, from those of a version on, or all. Throws `too_large` past 200,000. */
export async function listLog(
  stores: Stores,
  root: TableRoot,
  scope: LakeScope,
  startAfter?: string,
): Promise<LogFiles> {
  const location = below(root, "_delta_log/");
  const found: { name: string; object: StoredObject }[] = [];
  let after: string | undefined;
  do {
    const from = {
      ...(after === undefined ? {} : { after }),
      ...(startAfter === undefined ? {} : { startAfter }),
    };
    const page = await stores.list({ location, delimiter: "/", maxKeys: 1_000, ...from }, scope.signal);
    for (const object of page.objects) {
      found.push({ name: nameOf(object.location).slice(nameOf(location).length), object });
    }
    after = page.next;
    if (found.length > maxLogFiles) throw tooManyFiles(root);
  } while (after !== undefined);
  return sortLogFiles(found);
}

function tooManyFiles({ uri }: TableRoot): ToolError {
  return new ToolError(
    "too_large",
    `The log of the Delta table ${quoteName(uri)} has more than ${maxLogFiles} files. Have its writer make checkpoints and clean it.`,
    { details: { maxLogFiles } },
  );
}

const pointer = z.object({ version: z.int().min(0) });

/** Undefined where there is none that says a version. */
async function lastCheckpoint(
  stores: Stores,
  root: TableRoot,
  scope: LakeScope,
): Promise<number | undefined> {
  try {
    const location = below(root, "_delta_log/_last_checkpoint");
    const range = { start: 0, endExclusive: lastCheckpointBytes };
    const bytes = await readBytes(stores, { location, ...range }, scope.signal);
    return pointer.parse(JSON.parse(bytes.toString())).version;
  } catch (thrown) {
    const isAbsent = thrown instanceof ToolError && thrown.code === "not_found";
    if (isAbsent || thrown instanceof SyntaxError || thrown instanceof z.ZodError) return undefined;
    throw thrown;
  }
}

/** The newest version files tell of. Throws `invalid_input` for a log without any. */
export function newestVersion({ commits, checkpoints }: LogFiles, { uri }: TableRoot): number {
  const versions = [...commits.keys(), ...checkpoints.map(({ version }) => version)];
  if (versions.length === 0)
    throw damagedLog(uri, "its _delta_log folder has neither a commit nor a checkpoint");
  return versions.reduce((newest, version) => Math.max(newest, version), 0);
}

/** Versions that can be read: from the oldest whole state to the newest. */
export function versionRange(files: LogFiles, root: TableRoot): { oldest: number; newest: number } {
  const newest = newestVersion(files, root);
  const starts = [...(files.commits.has(0) ? [0] : []), ...files.checkpoints.map(({ version }) => version)];
  return { oldest: starts.reduce((oldest, start) => Math.min(oldest, start), newest), newest };
}

/** What to read for a version. Throws `not_found` outside the range, `invalid_input` where a commit is missing. */
export function segmentOf(files: LogFiles, version: number, root: TableRoot): LogSegment {
  const { oldest, newest } = versionRange(files, root);
  if (version < oldest || version > newest) throw noVersion(root, version, { oldest, newest });
  const checkpoint = files.checkpoints.find((one) => one.version <= version);
  const commits: CommitFile[] = [];
  for (let next = checkpoint ? checkpoint.version + 1 : 0; next <= version; next++) {
    const commit = files.commits.get(next);
    if (!commit)
      throw damagedLog(root.uri, `version ${next} is missing from its log, which goes on to ${newest}`);
    commits.push(commit);
  }
  return { version, checkpoint, commits };
}

function noVersion(
  { uri }: TableRoot,
  version: number,
  { oldest, newest }: { oldest: number; newest: number },
): ToolError {
  return new ToolError(
    "not_found",
    `The Delta table ${quoteName(uri)} has no version ${version}. It can be read at versions ${oldest} to ${newest}.`,
    { details: { version, oldestVersion: oldest, newestVersion: newest } },
  );
}
