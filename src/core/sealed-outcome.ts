import { deflateRawSync, inflateRawSync } from "node:zlib";
import { z } from "zod";
import { errorCodes, ToolError } from "./errors.ts";
import type { Sealer } from "./seal.ts";
import type { Outcome } from "./steps.ts";

/** Characters of a sealed outcome, so that it fits into one value of a store. */
export const maxSealedChars = 60_000;
const maxOutcomeBytes = 4 * 1024 ** 2;

const fault = z.strictObject({
  code: z.enum(errorCodes),
  message: z.string(),
  retryable: z.boolean(),
  details: z.record(z.string(), z.unknown()),
  correlationId: z.string(),
});

const contents = z.strictObject({
  /** Of the confirmation: what was kept for one write is not given for another. */
  nonce: z.string(),
  outcome: z.discriminatedUnion("kind", [
    z.strictObject({
      kind: z.literal("completed"),
      output: z.record(z.string(), z.unknown()),
      sizeBytes: z.number(),
    }),
    z.strictObject({ kind: z.literal("failed"), fault }),
  ]),
});

/** An outcome that the store it is kept in can neither read nor make: it may hold data, and links to more. Undefined where it is too large. */
export function sealOutcome(sealer: Sealer, nonce: string, outcome: Outcome): string | undefined {
  const { kind } = outcome;
  const kept = kind === "completed" ? outcome : { kind, fault: outcome.fault };
  const bytes = Buffer.from(JSON.stringify({ nonce, outcome: kept }));
  if (bytes.length > maxOutcomeBytes) return undefined;
  const sealed = sealer.seal(deflateRawSync(bytes));
  return sealed.length <= maxSealedChars ? sealed : undefined;
}

/** Undefined for what was sealed with other keys, in another form, or for another write. */
export function openOutcome(sealer: Sealer, nonce: string, sealed: string): Outcome | undefined {
  const packed = sealer.open(sealed);
  if (!packed) return undefined;
  const text = inflateRawSync(packed, { maxOutputLength: maxOutcomeBytes }).toString("utf8");
  const found = contents.safeParse(JSON.parse(text)).data;
  if (found?.nonce !== nonce) return undefined;
  const { outcome } = found;
  if (outcome.kind === "completed") return outcome;
  const { code, message, details, retryable } = outcome.fault;
  return { ...outcome, thrown: new ToolError(code, message, { details, retryable }) };
}
