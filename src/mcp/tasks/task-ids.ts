import { randomBytes } from "node:crypto";
import { deflateRawSync, inflateRawSync } from "node:zlib";
import { z } from "zod";
import { createSealer } from "../../core/seal.ts";

const outsideWork = z.strictObject({ system: z.string(), id: z.string(), notes: z.array(z.string()) });

const sealedCall = z.strictObject({
  /** Of the principal who called. */
  owner: z.string(),
  /** Of that principal, when it called. */
  rights: z.string().default(""),
  /** As it was called, with the arguments that came. */
  name: z.string(),
  arguments: z.record(z.string(), z.unknown()),
  correlationId: z.string(),
  /** What it waits for. */
  work: outsideWork,
  createdMs: z.number(),
  ttlMs: z.number(),
});

/** A call in its task's id: all that another process needs to go on with it. Times in milliseconds since the epoch. */
export type SealedCall = z.output<typeof sealedCall>;

/** Names tasks. */
export interface TaskIds {
  /** An id that says nothing. 256 bits: whoever knows it was told it. */
  random(): string;
  /** An id that holds the call. Undefined without a key, and for a call that is too large for an id. */
  seal(call: SealedCall): string | undefined;
  /** Undefined for ids that hold none, were altered, or are of another key. */
  open(taskId: string): SealedCall | undefined;
}

/** Ids travel in a header too. */
export const maxTaskIdChars = 4_096;
/** Tells it from random ids, which have no dot. */
const mark = "1.";
const maxCallBytes = 1024 * 1024;

/** Ids sealed with `key`; without one, random ids alone. */
export function createTaskIds(key: string | undefined): TaskIds {
  const sealer = key === undefined ? undefined : createSealer([key], "sluice task id 1");
  return {
    random: () => randomBytes(32).toString("base64url"),
    seal(call) {
      if (!sealer) return undefined;
      const text = JSON.stringify(call);
      if (Buffer.byteLength(text) > maxCallBytes) return undefined;
      const sealed = `${mark}${sealer.seal(deflateRawSync(text))}`;
      return sealed.length <= maxTaskIdChars ? sealed : undefined;
    },
    open(taskId) {
      if (!taskId.startsWith(mark)) return undefined;
      const packed = sealer?.open(taskId.slice(mark.length));
      if (!packed) return undefined;
      return callIn(packed);
    },
  };
}

/** Undefined for what a server of another version has sealed in another form. */
function callIn(packed: Buffer): SealedCall | undefined {
  try {
    const text = inflateRawSync(packed, { maxOutputLength: maxCallBytes }).toString("utf8");
    return sealedCall.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
