import { randomBytes } from "node:crypto";
import {
  type ConfirmationTokens,
  createConfirmationTokens,
  type TokenContents,
} from "./confirmation-token.ts";
import { canonicalDigest } from "./digest.ts";
import { earlierWrite, uncertainWrite } from "./earlier-write.ts";
import { ToolError } from "./errors.ts";
import type { SealingKeys } from "./seal.ts";
import type { Confirmation, Confirmed, Confirmer, ParsedCall } from "./steps.ts";
import { cut, shownPlan, type WritePlan } from "./write-plan.ts";
import type { BegunWrite, KnownWrite, WriteRecords } from "./write-records.ts";

export interface ConfirmWritesOptions {
  /** Tokens are sealed with the first. */
  keys: SealingKeys;
  /** Which confirmations were used, and what came of it. */
  records: WriteRecords;
  /** Milliseconds since the epoch. */
  now(): number;
}

/** How long a plan can be confirmed. */
const tokenLifeMs = 5 * 60_000;
/** How much the clocks of servers that share a store may differ. */
const clockSkewMs = 60_000;
const maxAbout = 5;
const maxAboutChars = 200;

/**
 * Of a server whose writes must be confirmed. A write is answered with its plan and a token, as `conflict`, and goes on
 * once with that token. Throws `denied` for a token that is not this call's, `changed` where the plan would be another by
 * now, `conflict` for one that was used, `unavailable` where the records do not answer. A token that was used gives
 * its outcome to a retry soon after, marked as repeated, and to nobody later.
 */
export function confirmWrites({ keys, records, now }: ConfirmWritesOptions): Confirmer {
  const parts: Parts = { tokens: createConfirmationTokens(keys), records, now };
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

interface Parts extends Omit<ConfirmWritesOptions, "keys"> {
  tokens: ConfirmationTokens;
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
  const { repeatableAs } = plan;
  const confirmationToken = tokens.seal({
    by,
    ...boundOf(call),
    state,
    ...(repeatableAs !== undefined && { repeatableAs }),
    expiresMs,
    nonce,
  });
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
    caller: canonicalDigest([principal.tenantId, principal.id]),
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
    throw refused(
      "is not one this server gave out for this; it may have restarted, or have another confirmation.key",
    );
  if (token.caller !== bound.caller) throw refused("was given to another caller");
  if (token.tool !== bound.tool) throw refused(`is for ${token.tool}`);
  if (token.input !== bound.input) throw refused("is for other arguments");
  return token;
}

async function useToken(
  { records, now }: Parts,
  call: ParsedCall,
  { answer = "accept" }: Confirmation,
  token: TokenContents,
  makePlan: () => Promise<WritePlan>,
): Promise<Confirmed> {
  const { expiresMs, state } = token;
  const id = { tenantId: call.principal.tenantId, nonce: token.nonce };
  const untilMs = expiresMs + clockSkewMs;
  const known = await records.find(id);
  if (known?.state === "lost") {
    const plan = answer === "accept" ? await repeatablePlan(token, makePlan) : undefined;
    if (!plan) throw uncertainWrite(call, known);
    const begun = await records.begin(id, { untilMs, about: aboutOf(plan), insteadOf: known });
    return carryOut(call, begun, now());
  }
  if (known) return earlierWrite(call, known, now());
  if (expiresMs - now() > tokenLifeMs + clockSkewMs)
    throw refused(
      "was made by a server whose clock is ahead of this one's; the clocks of servers must agree",
    );
  if (now() >= expiresMs) throw hasExpired(now());
  if (answer !== "accept") {
    await records.turnDown(id, untilMs);
    throw notAgreed(call, answer);
  }
  const plan = await makePlan();
  if (stateOf(plan) !== state) {
    throw new ToolError(
      "changed",
      "What the plan rests on has changed since; nothing was done. Call again without confirmationToken for a new plan.",
      { retryable: false },
    );
  }
  const begun = await records.begin(id, { untilMs, about: aboutOf(plan) });
  // A plan can take long, and from here on a store may have forgotten who was first.
  if (begun.state === "begun" && now() >= expiresMs) {
    await begun.abandon();
    throw hasExpired(now());
  }
  return carryOut(call, begun, now());
}

function carryOut(call: ParsedCall, begun: BegunWrite | KnownWrite, nowMs: number): Confirmed {
  if (begun.state === "begun") return { settled: (outcome) => begun.end(outcome) };
  if (begun.state === "lost") throw uncertainWrite(call, begun);
  return earlierWrite(call, begun, nowMs);
}

/** Undefined where the write is not to be run again, or would not do the same now. Throws what says nothing of that. */
async function repeatablePlan(
  { repeatableAs }: TokenContents,
  makePlan: () => Promise<WritePlan>,
): Promise<WritePlan | undefined> {
  if (repeatableAs === undefined) return undefined;
  try {
    const plan = await makePlan();
    return plan.repeatableAs === repeatableAs ? plan : undefined;
  } catch (thrown) {
    if (thrown instanceof ToolError && !thrown.retryable) return undefined;
    throw thrown;
  }
}

/** What to look at where nobody knows whether the write acted. */
function aboutOf({ changes }: WritePlan): string[] {
  return changes.slice(0, maxAbout).map(({ what }) => cut(what, maxAboutChars));
}

/** Names the time, as it may be another server whose clock made the token. */
function hasExpired(nowMs: number): ToolError {
  return refused(`has expired: by this server's clock it is ${new Date(nowMs).toISOString()}`);
}

function refused(why: string): ToolError {
  return new ToolError(
    "denied",
    `The confirmation ${why}. This call did nothing. Call without confirmationToken for a new plan.`,
  );
}

function notAgreed({ tool }: ParsedCall, answer: "decline" | "cancel"): ToolError {
  const what = answer === "decline" ? "declined" : "closed the question without an answer to";
  return new ToolError("denied", `The user ${what} ${tool.name}. Nothing was done.`, { details: { answer } });
}
