import { ToolError } from "../../core/errors.ts";
import { mapBounded } from "../datasets/map-bounded.ts";
import type { LakeScope } from "../scope.ts";
import type { TableField } from "../tables/table-field.ts";
import type { TableRoot } from "../tables/table-root.ts";
import type { TableSnapshot } from "../tables/table-snapshot.ts";
import { type Action, type AddFile, damagedLog, type Metadata, type Protocol } from "./actions.ts";
import type { LogSegment } from "./list-log.ts";
import type { CommitFile } from "./log-files.ts";
import { checkPartitionValues } from "./partition-values.ts";
import { checkProtocol } from "./protocol.ts";
import { type LogReading, readCheckpoint } from "./read-checkpoint.ts";
import { readActions } from "./read-lines.ts";
import { Replay } from "./replay.ts";
import { readSchema } from "./schema.ts";

/** A table at one version. */
export interface Snapshot extends TableSnapshot {
  format: "Delta";
  version: number;
  protocol: Protocol;
  metadata: Metadata;
  files: AddFile[];
}

/** Commits up to this size are fetched together, up to so many bytes of them. */
const smallCommitBytes = 1 << 20;
const batchBytes = 16 << 20;
const parallelCommits = 64;

/** Replays a segment, which `identity` names. Throws `invalid_input` for a damaged log, `unsupported` with the feature's name. */
export async function readSnapshot(
  parts: LogReading,
  root: TableRoot,
  segment: LogSegment,
  identity: string,
  scope: LakeScope,
): Promise<Snapshot> {
  const { version, checkpoint, commits } = segment;
  const replay = new Replay(root.uri);
  const batches = batchesOf(commits);
  // The first of them comes while the checkpoint is read; its failure is told in its turn.
  let next = batches[0] && started(readBatch(parts, batches[0], scope));
  if (checkpoint) {
    for await (const action of readCheckpoint(parts, root, checkpoint, scope)) replay.apply(action, -1);
  }
  let done = 0;
  for (const [at, batch] of batches.entries()) {
    const small = (await next) ?? [];
    const following = batches[at + 1];
    next = following && started(readBatch(parts, following, scope));
    for (const [index, commit] of batch.entries()) {
      const actions = small[index] ?? readCommit(parts, commit, scope);
      for await (const action of actions) replay.apply(action, commit.version);
    }
    done += batch.length;
    scope.progress({ done, total: commits.length, message: "reading the Delta log" });
  }
  const { protocol, metadata, files } = replay.finish();
  checkProtocol(protocol, root.uri);
  checkFormat(metadata);
  const fields = readSchema(metadata, protocol, root.uri);
  const partitionFields = partitionsOf(metadata, fields, root);
  checkPartitionValues(files, partitionFields, root.uri);
  return {
    format: "Delta",
    identity,
    root,
    state: String(version),
    version,
    protocol,
    metadata,
    fields,
    partitionFields,
    files,
  };
}

/** Commits in their order, as they are fetched together. */
function batchesOf(commits: readonly CommitFile[]): CommitFile[][] {
  const batches: CommitFile[][] = [];
  let bytes = 0;
  for (const commit of commits) {
    const { sizeBytes } = commit.object;
    bytes += sizeBytes;
    const last = batches.at(-1);
    if (last && last.length < parallelCommits && bytes <= batchBytes) last.push(commit);
    else {
      batches.push([commit]);
      bytes = sizeBytes;
    }
  }
  return batches;
}

/** Waited for later: until then its failure is nobody's. */
function started<T>(work: Promise<T>): Promise<T> {
  work.catch(() => {});
  return work;
}

/** The actions of each small one; large ones are read as they are replayed. */
function readBatch(
  parts: LogReading,
  batch: readonly CommitFile[],
  scope: LakeScope,
): Promise<(Action[] | undefined)[]> {
  return mapBounded(batch, parallelCommits, (commit) => readSmall(parts, commit, scope));
}

async function readSmall(
  parts: LogReading,
  commit: CommitFile,
  scope: LakeScope,
): Promise<Action[] | undefined> {
  if (commit.object.sizeBytes > smallCommitBytes) return undefined;
  const actions: Action[] = [];
  for await (const action of readCommit(parts, commit, scope)) actions.push(action);
  return actions;
}

async function* readCommit(
  { stores }: LogReading,
  { object }: CommitFile,
  scope: LakeScope,
): AsyncGenerator<Action> {
  let isEmpty = true;
  for await (const action of readActions(stores, object, scope)) {
    isEmpty = false;
    yield action;
  }
  if (isEmpty) throw damagedLog(object.uri, "it is empty");
}

function checkFormat({ format }: Metadata): void {
  const provider = format?.provider ?? "parquet";
  if (provider === "parquet") return;
  throw new ToolError(
    "unsupported",
    `The Delta table keeps its rows as ${JSON.stringify(provider)}; Parquet is read.`,
    {
      details: { tableFormat: "Delta", feature: `format ${provider}` },
    },
  );
}

function partitionsOf(
  { partitionColumns }: Metadata,
  fields: TableField[],
  { uri }: TableRoot,
): TableField[] {
  return partitionColumns.map((name) => {
    const field = fields.find((one) => one.name.toLowerCase() === name.toLowerCase());
    if (field?.type.kind === "plain") return field;
    throw damagedLog(uri, `its partition column ${JSON.stringify(name)} is no plain column of its schema`);
  });
}
