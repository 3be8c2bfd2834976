import type { DatasetRows, LakeQueryRequest } from "../lake.ts";
import type { LakeScope } from "../scope.ts";

/** Engines beside this machine's own. A new one: its name here, its file in this folder, its place in `createLake`. */
export const remoteEngineNames = ["databricks", "athena"] as const;
export type RemoteEngineName = (typeof remoteEngineNames)[number];

/** What a caller may ask for: this machine's query workers, one remote engine, or whichever suits the statement. */
export const engineChoices = ["auto", "local", ...remoteEngineNames] as const;
export type EngineChoice = (typeof engineChoices)[number];
export type EngineName = Exclude<EngineChoice, "auto">;

/** What a remote engine says of a run. What it does not tell is absent, never guessed. */
export interface Execution {
  /** The engine's own id of the statement, by which its console and its logs know it. */
  id: string;
  durationMs?: number;
  bytesScanned?: number;
  /** After the engine's own rounding. */
  bytesBilled?: number;
  /** US dollars, by the list price the engine's page states. */
  costUsd?: number;
  /** Of AWS: where it ran, and whose catalog it read. */
  region?: string;
  account?: string;
  workgroup?: string;
}

/** Rows as `Lake.query` gives them, and how they came about. `cursor` is the engine's own, good for `run` again. */
export interface RemoteRows extends DatasetRows {
  execution: Execution;
}

/** What a statement would take, found without running it. What cannot be told is absent, and `notes` say why. */
export interface QueryEstimate {
  files?: number;
  bytesToFetch?: number;
  bytesBilled?: number;
  costUsd?: number;
  /** `at most`: files count whole of which a part may be enough, which only a run tells. */
  exactness?: "by plan" | "at most";
  notes: string[];
}

/** Whether a remote engine takes a statement. `notes` say why it did. */
export type Takeover = { takes: true; notes: string[] } | { takes: false; why: string };

/** A statement as this machine runs it for `auto`, and what is to be said of that. */
export interface AsLocal {
  request: LakeQueryRequest;
  scope: LakeScope;
  notes: string[];
}

/**
 * Runs statements elsewhere. It holds each statement to one SELECT over what may be read before anything is sent,
 * stops the work there when `scope.signal` aborts, bounds the page by `maxRows` and `maxBytes`, and gives rows in
 * the values of docs/types.md. Everything it throws is a `ToolError`. A cursor it gives out is good for the same
 * caller and the same arguments only, and holds no dot at its start: `dispatch.ts` marks it with the engine's name.
 */
export interface RemoteEngine {
  readonly name: RemoteEngineName;
  /**
   * The first page, or with `request.cursor` a further one. What it begins for a first page it tells `scope.outside`, and
   * where that resumes one it waits for that one. It stops nothing for a scope that is leaving.
   */
  run(request: LakeQueryRequest, scope: LakeScope): Promise<RemoteRows>;
  /** Whether `auto` should take this engine for a first page, asked in the order of the list. Left out: never. */
  suits?(request: LakeQueryRequest, scope: LakeScope): Promise<Takeover>;
  /** Whether `auto` may hand over a statement that is too much for this machine, or whose tables it cannot read. Left out: never. */
  takesOver?(request: LakeQueryRequest, scope: LakeScope): Promise<Takeover>;
  /** Whether it may be asked to take over what failed here so. Left out: only what is too much for this machine. */
  mayDo?(thrown: unknown): boolean;
  /** A statement of this engine's own SQL, so that it means the same here, where `auto` runs it here. Left out: as it is. */
  asLocal?(request: LakeQueryRequest, scope: LakeScope): Promise<AsLocal>;
  /** Stops what `run` began for this caller, whatever may be read by now; what has ended is left. Throws where it may go on. */
  stop(id: string, scope: LakeScope): Promise<void>;
  /** Sends nothing that is billed. */
  estimate?(request: LakeQueryRequest, scope: LakeScope): Promise<QueryEstimate>;
}
