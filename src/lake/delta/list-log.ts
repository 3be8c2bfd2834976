import { z } from "zod";
import { ToolError } from "../../core/errors.ts";
import { nameOf } from "../datasets/dataset.ts";
import { quoteName } from "../location-names.ts";
import type { LakeScope } from "../scope.ts";
import { readBytes } from "../stores/read-bytes.ts";
import type { ListPage, ListRequest, StoredObject, Stores } from "../stores/store.ts";
import { below, type TableRoot } from "../tables/table-root.ts";
import { damagedLog } from "./actions.ts";
import { type Checkpoint, type CommitFile, type LogFiles, sortLogFiles, versionPrefix } from "./log-files.ts";

/** Files of a log looked at. */
const maxLogFiles = 200_000;
const lastCheckpointBytes = 64 * 1024;

/** What is read for one version of a table: a checkpoint, where there is one, and the commits behind it in turn. */
export interface LogSegment {
  version: number;
  checkpoint: Checkpoint | undefined;
  commits: CommitFile[];
}

/** The first page of a log's listing, which shows that there is a log, and often is all of it. */
export interface LogStart {
  found: NamedObject[];
  /** Where the listing goes on. */
  next: string | undefined;
  /** It begins with this version's files; undefined: with the first there are. */
  from: number | undefined;
}

type NamedObject = Parameters<typeof sortLogFiles>[0][number];

/** Looks for the log below a folder, from version `from` on where that has files. Undefined where there is none. */
export async function startLog(
  stores: Stores,
  root: TableRoot,
  from: number | undefined,
  scope: LakeScope,
): Promise<LogStart | undefined> {
  const place = from === undefined ? {} : { startAfter: versionPrefix(from) };
  const { objects, prefixes, next } = await listPage(stores, root, place, scope);
  if (objects.length > 0 || prefixes.length > 0) return { found: namedBelow(root, objects), next, from };
  return from === undefined ? undefined : startLog(stores, root, undefined, scope);
}

/**
 * The files for the newest version. Of a long log the listing is begun anew where `_last_checkpoint` says, which is
 * believed no further.
 */
export async function listNewest(
  stores: Stores,
  root: TableRoot,
  start: LogStart,
  scope: LakeScope,
): Promise<LogFiles> {
  if (start.from !== undefined) {
    const files = await listRest(stores, root, start, scope);
    return files.checkpoints.length > 0 ? files : listLog(stores, root, scope);
  }
  if (start.next === undefined) return sortLogFiles(start.found);
  const hint = await lastCheckpoint(stores, root, scope);
  const files = hint === undefined ? undefined : await listLog(stores, root, scope, versionPrefix(hint));
  return files && files.checkpoints.length > 0 ? files : listRest(stores, root, start, scope);
}

/** Files of a log, from those of a version on, or all. Throws `too_large` past 200,000. */
export async function listLog(
  stores: Stores,
  root: TableRoot,
  scope: LakeScope,
  startAfter?: string,
): Promise<LogFiles> {
  const { objects, next } = await listPage(
    stores,
    root,
    startAfter === undefined ? {} : { startAfter },
    scope,
  );
  return listRest(stores, root, { found: namedBelow(root, objects), next }, scope);
}

/** What a listing that was begun shows in all. Throws `too_large` past 200,000 files. */
export async function listRest(
  stores: Stores,
  root: TableRoot,
  { found: first, next }: Pick<LogStart, "found" | "next">,
  scope: LakeScope,
): Promise<LogFiles> {
  const found = [...first];
  for (let after = next; after !== undefined; ) {
    const page = await listPage(stores, root, { after }, scope);
    found.push(...namedBelow(root, page.objects));
    after = page.next;
    if (found.length > maxLogFiles) throw tooManyFiles(root);
  }
  return sortLogFiles(found);
}

function listPage(
  stores: Stores,
  root: TableRoot,
  place: Pick<ListRequest, "after" | "startAfter">,
  { signal }: LakeScope,
): Promise<ListPage> {
  const location = below(root, "_delta_log/");
  return stores.list({ location, delimiter: "/", maxKeys: 1_000, ...place }, signal);
}

function namedBelow(root: TableRoot, objects: readonly StoredObject[]): NamedObject[] {
  const folder = nameOf(below(root, "_delta_log/"));
  return objects.map((object) => ({ name: nameOf(object.location).slice(folder.length), object }));
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
  if (versions.length === 0) throw emptyLog(uri);
  return versions.reduce((newest, version) => Math.max(newest, version), 0);
}

export function emptyLog(uri: string): ToolError {
  return damagedLog(uri, "its _delta_log folder has neither a commit nor a checkpoint");
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
