import { z } from "zod";
import type { ShownPlan } from "./write-plan.ts";

const change = z.object({ what: z.string(), from: z.string().optional(), to: z.string().optional() });

const request = z.object({
  plan: z.object({
    tool: z.string(),
    summary: z.string(),
    changes: z.array(change),
    account: z.string().optional(),
    region: z.string().optional(),
    reversible: z.boolean(),
    moreChanges: z.int().optional(),
  }),
  confirmationToken: z.string(),
});

/** A plan that waits to be confirmed. */
export interface ConfirmationRequest {
  plan: ShownPlan;
  confirmationToken: string;
}

/** What a fault asks to be confirmed; undefined for one that asks for nothing. Takes what another server sent, too. */
export function confirmationRequestIn(details: unknown): ConfirmationRequest | undefined {
  const found = request.safeParse(details);
  return found.success ? (found.data as ConfirmationRequest) : undefined;
}
