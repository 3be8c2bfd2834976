import { z } from "zod";
import { jsonIn } from "./json-in.ts";

/** By whom it was put: an answer of the store that was lost may have been a yes. */
const attempt = z.string();

const form = z.discriminatedUnion("state", [
  z.strictObject({
    state: z.literal("running"),
    attempt,
    /** Milliseconds since the epoch, as is the time its server was last heard of. */
    begunMs: z.number(),
    heardMs: z.number(),
    about: z.array(z.string()),
  }),
  /** `outcome` is sealed; left out where it was too large. */
  z.strictObject({
    state: z.literal("ended"),
    attempt,
    endedMs: z.number().optional(),
    outcome: z.string().optional(),
  }),
  z.strictObject({ state: z.literal("turned_down"), attempt }),
]);

/** A confirmed write as a shared store has it. */
export type WriteRecord = z.output<typeof form>;
export type RunningRecord = Extract<WriteRecord, { state: "running" }>;

/** Another version's record says only that the confirmation was used. */
export function parseRecord(text: string): WriteRecord {
  return form.safeParse(jsonIn(text)).data ?? { state: "ended", attempt: "" };
}
