import { ToolError } from "../../core/errors.ts";
import { quoteName } from "../location-names.ts";
import type { StoredObject } from "../stores/store.ts";

/** One file of a commit: its actions, one JSON document a line. */
export interface CommitFile {
  version: number;
  object: StoredObject;
}

/** The state of a table at one version: one file, or all parts of one. */
export interface Checkpoint {
  version: number;
  form: "parquet" | "json";
  parts: StoredObject[];
}

/** What a listing of a `_delta_log` folder shows: commits by version, and whole checkpoints, newest first. */
export interface LogFiles {
  commits: Map<number, CommitFile>;
  checkpoints: Checkpoint[];
}

const commitName = /^(\d{20})\.json$/;
const checkpointName = /^(\d{20})\.checkpoint(?:\.([^.]+)(?:\.(\d{10}))?)?\.(parquet|json)$/;
const part = /^\d{10}$/;

/**
 * Sorts a log's files by what their names say. Parts of a checkpoint that is not whole are left out, and so is what
 * has no name of these kinds. Throws `unsupported` for versions past 2⁵³.
 * Source: Delta protocol, "Delta Log Entries", "Checkpoints".
 */
export function sortLogFiles(objects: readonly { name: string; object: StoredObject }[]): LogFiles {
  const commits = new Map<number, CommitFile>();
  const checkpoints = new Map<string, Checkpoint & { partCount: number }>();
  for (const { name, object } of objects) {
    const commit = commitName.exec(name);
    if (commit?.[1] !== undefined) {
      const version = versionIn(commit[1], object);
      commits.set(version, { version, object });
      continue;
    }
    const found = checkpointName.exec(name);
    if (found) addCheckpoint(checkpoints, found, object);
  }
  const whole = [...checkpoints.values()].filter(({ parts, partCount }) => parts.length === partCount);
  return { commits, checkpoints: whole.sort((a, b) => b.version - a.version) };
}

function addCheckpoint(
  checkpoints: Map<string, Checkpoint & { partCount: number }>,
  [, digits = "", second, third, form]: RegExpExecArray,
  object: StoredObject,
): void {
  const version = versionIn(digits, object);
  const isPart = second !== undefined && part.test(second) && third !== undefined;
  if (third !== undefined && !isPart) return;
  if (form === "json" && (second === undefined || isPart)) return;
  // Of one version there may be several, each whole in itself: parts of one go together by their number.
  const key = isPart ? `${version}/${third}` : `${version}/${second ?? ""}.${form}`;
  const known = checkpoints.get(key);
  if (known) known.parts.push(object);
  else {
    const partCount = isPart ? Number(third) : 1;
    checkpoints.set(key, { version, form: form === "json" ? "json" : "parquet", parts: [object], partCount });
  }
}

function versionIn(digits: string, { uri }: StoredObject): number {
  const version = Number(digits);
  if (Number.isSafeInteger(version)) return version;
  throw new ToolError(
    "unsupported",
    `${quoteName(uri)} is of a version past ${Number.MAX_SAFE_INTEGER}, which this reader does not count to.`,
  );
}

/** How the names of a version's files begin. */
export function versionPrefix(version: number): string {
  return String(version).padStart(20, "0");
}
