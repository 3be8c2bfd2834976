import type { Outcome } from "./steps.ts";

/** Names a confirmed write: the tenant whose it is, and the nonce of its confirmation. */
export interface WriteId {
  tenantId: string;
  nonce: string;
}

/** A write whose server is not heard of any more: whether it acted is not known. */
export interface LostWrite {
  state: "lost";
  /** Milliseconds since the epoch. */
  begunMs: number;
  /** What it would have changed. */
  about: readonly string[];
  /** The record as it was found. */
  record: string;
}

/** What is known of a confirmed write. */
export type KnownWrite =
  | { state: "running" }
  | LostWrite
  /**
   * Without an outcome where that was too large to be kept, or cannot be read any more. When it ended, in milliseconds since
   * the epoch, is not known of records of older versions.
   */
  | { state: "ended"; endedMs?: number; outcome?: Outcome }
  | { state: "turned_down" };

/** A write that nobody else can begin. One of both has to follow. */
export interface BegunWrite {
  state: "begun";
  end(outcome: Outcome): Promise<void>;
  /** It will not act. */
  abandon(): Promise<void>;
}

export interface BeginWrite {
  /** Milliseconds since the epoch. The record is kept until then at least. */
  untilMs: number;
  /** What it is about to change. */
  about: readonly string[];
  /** A lost write that this one takes the place of. Left out: there must be none yet. */
  insteadOf?: LostWrite;
}

/**
 * What became of confirmed writes, so that each acts once. All methods throw `unavailable` where that cannot be known.
 * Outcomes are kept for ten minutes, so that what happened can be told for longer than it is answered again.
 */
export interface WriteRecords {
  find(id: WriteId): Promise<KnownWrite | undefined>;
  /** Of any number who begin the same write, one does; the others are told what is known. */
  begin(id: WriteId, write: BeginWrite): Promise<BegunWrite | KnownWrite>;
  /** Nobody can begin it any more. Leaves one that is known as it is. */
  turnDown(id: WriteId, untilMs: number): Promise<void>;
}

/** How long the outcome of a confirmed write is known after its end. */
export const keptMs = 10 * 60_000;
