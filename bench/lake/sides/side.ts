import { z } from "zod";
import type { DatasetName } from "../data.ts";
import type { Question } from "../question.ts";

/** What a side said. Rows are compared; times are from the question to the whole answer. */
export interface Answer {
  ms: number;
  /** Of that, until the bytes were on local disk, where they are brought there first. */
  fetchMs?: number | undefined;
  rows: unknown[][];
}

/** Where a question is asked. */
export interface Place {
  dataset: DatasetName;
  /** First step of the keys: names the same data as objects nobody has seen. */
  take: string;
}

/** One of those compared, in processes of its own. */
export interface Side {
  ask(question: Question, place: Place): Promise<Answer>;
  /** Gives back the disk that answers of this take hold. */
  forget(take: string): Promise<void>;
  /** The process whose memory, and whose children's, is the side's. */
  pid: number;
  stop(): Promise<void>;
}

/** One request to a side's program, as a line of JSON. */
export const sideRequestShape = z.discriminatedUnion("op", [
  z.object({ op: z.literal("forget"), take: z.string() }),
  z.object({
    op: z.literal("ask"),
    dataset: z.enum(["parquet", "csv", "files", "delta", "hello"]),
    take: z.string(),
    sql: z.string(),
    /** Names of columns left out of the answer. */
    ignored: z.string().optional(),
  }),
]);
export type SideRequest = z.infer<typeof sideRequestShape>;

/** One answer of a side's program. */
export const sideAnswerShape = z.object({
  ms: z.number(),
  fetchMs: z.number().optional(),
  rows: z.array(z.array(z.unknown())),
});
