import { randomBytes } from "node:crypto";
import {
  type ConfirmationTokens,
  createConfirmationTokens,
  type TokenContents,
} from "./confirmation-token.ts";
import { canonicalDigest } from "./digest.ts";
import { ToolError } from "./errors.ts";
import { createKeptOutcomes, type KeptOutcomes } from "./kept-outcomes.ts";
import type { OnceStore } from "./once-store.ts";
import type { Confirmation, Confirmed, Confirmer, ParsedCall } from "./steps.ts";
import { shownPlan, type WritePlan } from "./write-plan.ts";

export interface ConfirmWritesOptions {
  /** Secret the tokens are sealed with. */
  key: string;
  /** Which confirmations were used. */
  once: OnceStore;
  /** Milliseconds since the epoch. */
  now(): number;
}

/** How long a plan can be confirmed. */
const tokenLifeMs = 5 * 60_000;
/** How much the clocks of servers that share a store may differ. */
const clockSkewMs = 60_000;

/**
 * Of a server whose writes must be confirmed. A write is answered with its plan and a token, as `conflict`, and goes on
 * once with that token. Throws `denied` for a token that is not this call's, `changed` where the plan would be another by
 * now, `conflict` for one that was used. A token that was used and whose outcome is known gives that outcome.
 */
export function confirmWrites({ key, once, now }: ConfirmWritesOptions): Confirmer {
  const parts: Parts = {
    tokens: createConfirmationTokens(key),
    outcomes: createKeptOutcomes(now),
    once,
    now,
  };
  return {
    plansFirst: true,
    async confirm(call, makePlan) {
      if (call.tool.effect === "read") return {};
      const confirmation = call.confirmation ?? { by: "token" };
      if (confirmation.token === undefined) throw askToConfirm(parts, call, confirmation, await makePlan());
      const token = checkedToken(parts, call, confirmation, confirmation.token);
      return useToken(parts, call, confirmation, token, makePlan);
    },
  };
}

interface Parts extends Omit<ConfirmWritesOptions, "key"> {
  tokens: ConfirmationTokens;
  outcomes: KeptOutcomes;
}

function askToConfirm(
  { tokens, now }: Parts,
  call: ParsedCall,
  { by }: Confirmation,
  plan: WritePlan,
): ToolError {
  const { tool } = call;
  const expiresMs = now() + tokenLifeMs;
  const nonce = randomBytes(16).toString("base64url");
  const state = stateOf(plan);
  const confirmationToken = tokens.seal({ by, ...boundOf(call), state, expiresMs, nonce });
  return new ToolError(
    "conflict",
    `Nothing was changed yet: ${tool.name} has to be confirmed. Show details.plan to the user; where the user agrees, call again within 5 minutes with the same arguments and confirmationToken (details.confirmationToken).`,
    {
      details: {
        plan: shownPlan(tool, plan),
        confirmationToken,
        expiresAt: new Date(expiresMs).toISOString(),
      },
    },
  );
}

/** What must be the same in the call that confirms. */
function boundOf({ principal, tool, input }: ParsedCall) {
  return {
    tenant: principal.tenantId,
    principal: principal.id,
    tool: tool.name,
    input: canonicalDigest(input),
  };
}

function stateOf({ stateSeen }: WritePlan): string {
  return canonicalDigest(stateSeen);
}

function checkedToken(
  { tokens }: Parts,
  call: ParsedCall,
  { by }: Confirmation,
  given: string,
): TokenContents {
  const token = tokens.open(given);
  const bound = boundOf(call);
  if (!token || token.by !== by)
    throw refused("is not one this server gave out for this; it may have restarted");
  if (token.tenant !== bound.tenant || token.principal !== bound.principal)
    throw refused("was given to another caller");
  if (token.tool !== bound.tool) throw refused(`is for ${token.tool}`);
  if (token.input !== bound.input) throw refused("is for other arguments");
  return token;
}

async function useToken(
  { outcomes, once, now }: Parts,
  call: ParsedCall,
  { answer = "accept" }: Confirmation,
  { nonce, expiresMs, state }: TokenContents,
  makePlan: () => Promise<WritePlan>,
): Promise<Confirmed> {
  const known = outcomes.find(nonce);
  if (known !== undefined) return earlier(known);
  if (now() >= expiresMs) throw refused("has expired");
  const burn = () => once.putIfAbsent(nonce, expiresMs + clockSkewMs);
  if (answer !== "accept") {
    await burn();
    throw notAgreed(call, answer);
  }
  if (stateOf(await makePlan()) !== state) {
    throw new ToolError(
      "changed",
      "What the plan rests on has changed since; nothing was done. Call again without confirmationToken for a new plan.",
      { retryable: false },
    );
  }
  if (!(await burn())) return earlier(outcomes.find(nonce));
  // A plan can take long, and from here on a store may have forgotten who was first.
  if (now() >= expiresMs) throw refused("has expired");
  outcomes.begin(nonce);
  return { settled: (outcome) => outcomes.end(nonce, outcome) };
}

/** The outcome of the same confirmation before. Throws `conflict` where there is none to give. */
function earlier(known: ReturnType<KeptOutcomes["find"]>): Confirmed {
  if (known === "running") {
    throw new ToolError(
      "conflict",
      "This confirmed call is being carried out already. Call again with the same confirmationToken for its result.",
      { retryable: true },
    );
  }
  if (known) return { outcome: known };
  throw new ToolError(
    "conflict",
    "The confirmation was used already: the call was carried out or turned down, and its result is not known here any more. It is not carried out again.",
  );
}

function refused(why: string): ToolError {
  return new ToolError(
    "denied",
    `The confirmation ${why}. Nothing was done. Call without confirmationToken for a new plan.`,
  );
}

function notAgreed({ tool }: ParsedCall, answer: "decline" | "cancel"): ToolError {
  const what = answer === "decline" ? "declined" : "closed the question without an answer to";
  return new ToolError("denied", `The user ${what} ${tool.name}. Nothing was done.`, { details: { answer } });
}
