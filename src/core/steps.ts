import type { AwsResource } from "./aws-resource.ts";
import { ToolError, type ToolFault } from "./errors.ts";
import type { Principal } from "./principal.ts";
import type { RefusedRequest } from "./refused-request.ts";
import type { Services, Tool } from "./tool.ts";
import type { WritePlan } from "./write-plan.ts";

/** How the caller of a write can confirm it, and what it brings. */
export interface Confirmation {
  /** A client that asks its user and brings the answer; or a caller that sends the token among its arguments. */
  by: "user" | "token";
  /** Of an earlier call, which was answered with a plan. */
  token?: string;
  /** What the user said. Default: `accept`. */
  answer?: "accept" | "decline" | "cancel";
}

/** One call on its way through the path. */
export interface Call {
  /** Of this call alone; one correlation id may be that of several. */
  id: string;
  tool: Tool;
  /** The name the caller used: the tool's own or an alias. */
  calledAs: string;
  principal: Principal;
  correlationId: string;
  /** The caller's span in the trace that `correlationId` is the id of. None where the caller names none. */
  parentSpanId?: string | undefined;
  /** Milliseconds since the epoch. */
  startedMs: number;
  /** Arguments as they came, before they were parsed: an audit records also what was refused. May hold secrets. */
  rawArguments: unknown;
  /** Of a write. Default: a caller that brings nothing and can send a token. */
  confirmation?: Confirmation | undefined;
}

/** A call whose arguments were parsed by the tool's schema. */
export interface ParsedCall extends Call {
  input: Record<string, unknown>;
}

/** A call by a name that its caller has no tool of: nobody has, or one is hidden from this caller. */
export interface UnknownCall extends Omit<Call, "tool" | "calledAs" | "confirmation"> {
  /** As the caller wrote it. */
  name: string;
  /** The tool that is hidden from this caller, and why: for records and logs, and never for the caller. */
  hidden?: { tool: Tool; why?: string | undefined } | undefined;
}

/** What became of a call. */
export type Outcome = (
  | { kind: "completed"; output: Record<string, unknown>; sizeBytes: number }
  | {
      kind: "failed";
      fault: ToolFault;
      /** For the log only. */
      thrown: unknown;
      /** It came to nothing that could have acted. */
      wasRefused?: boolean;
    }
) & {
  /** Of a call that did nothing, and got the answer of the one it repeats: when that ended. Milliseconds since the epoch. */
  repeatsMs?: number;
};

/** Who may see and call what, and with how much of it. Throws `denied`. */
export interface Policy {
  /** Throws `denied` where every call of the principal is, such as while nothing can be decided. Left out: none is. */
  checkUsable?(principal: Principal): void;
  visible(principal: Principal, tool: Tool): boolean;
  /** Why a tool is not visible, for whoever runs the server. Left out: nobody says. */
  whyHidden?(principal: Principal, tool: Tool): string;
  authorize(call: Call): Promise<void>;
  /** Throws `denied` where the call's arguments name AWS resources that are not its caller's. Left out: all are. */
  checkResources?(call: ParsedCall): void;
  /** Which AWS resources the call may touch, for what only its handler finds out. Left out: all. */
  may?(call: Call, resource: AwsResource): boolean;
  /** What the call reaches the outside through: `services`, or such as hold less. Left out: `services`. */
  narrow?(call: Call, services: Services): Services;
  /**
   * Equal for principals, and times, whose calls of the tool reach the same. What was worked out with other rights is not
   * given. Left out: all have the same.
   */
  rightsOf?(principal: Principal, tool: Tool): string;
}

/** What one limit has left for a caller, for adapters that say so. */
export interface Allowance {
  /** Letters, digits, `_` and `-`, such as `day`. */
  name: string;
  /** Calls in each window. */
  calls: number;
  windowMs: number;
  remaining: number;
  /** Until everything is there again. */
  resetMs: number;
}

/** Rate, quota and concurrency. Throws `throttled` with `retryAfterMs`; answers with what gives the place back. */
export interface Limiter {
  /** `signal` aborts when the caller is gone: it then waits for no place any more. */
  admit(call: Call, signal?: AbortSignal): Promise<() => void>;
  /** What the limits of this call have left, after `admit` let it in or refused it. None where none holds. */
  allowances?(call: Call): readonly Allowance[];
  /**
   * Lets in an event stream that stays open beside calls. Throws `throttled` with `retryAfterMs`; answers with what is to be
   * called when the stream has ended; a second time it does nothing. Left out: there is no bound.
   */
  openStream?(principal: Principal): () => void;
}

/** A call that may go on, or went on before. */
export interface Confirmed {
  /** Of the same confirmed call before: given again in place of a second effect. No intent is recorded for it. */
  outcome?: Outcome;
  /** Told what the call came to. What it throws leaves the answer as it is. */
  settled?(outcome: Outcome): Promise<void>;
}

/**
 * Stands between a write and its effect. Throws where the write may not go on, be it only yet: nothing has acted then, and
 * no intent is recorded.
 */
export interface Confirmer {
  /** Whether writes are answered with a plan first, so that their tools take `confirmationToken`. */
  readonly plansFirst?: boolean;
  /** Whether every write is refused, whoever calls, so that listing one is of no use. */
  readonly refusesWrites?: boolean;
  /** `makePlan` asks the tool, within the call's time. */
  confirm(call: ParsedCall, makePlan: () => Promise<WritePlan>): Promise<Confirmed>;
}

/**
 * Records a call before it acts and after. A throw from `intent` stops the call. A throw from `outcome` leaves the
 * answer as it is, whatever the tool's effect, and is told to the observer: what was done is done, a fault would
 * ask for it to be done twice, and the intent on record without an outcome shows where to look.
 */
export interface Auditor {
  /** Runs the work of a call, and takes down for its outcome what it asks services. Left out: nobody does. */
  watch?<T>(call: Call, work: () => Promise<T>): Promise<T>;
  intent(call: ParsedCall): Promise<void>;
  outcome(call: Call, outcome: Outcome, durationMs: number): Promise<void>;
  /** Records a call that came to no tool. Its throws are told to the observer. Left out: nobody does. */
  unknown?(call: UnknownCall, durationMs: number): Promise<void>;
  /** Records a request that was refused before it came to a call. Its throws are told to the observer. Left out: nobody does. */
  refused?(request: RefusedRequest): Promise<void>;
}

/** A step that failed where that could not change the call's answer any more. */
export interface StepFault {
  step: "policy" | "limiter" | "confirmer" | "auditor";
  thrown: unknown;
  /** None where no tool was found. */
  call?: Call;
}

/** Logs, metrics and spans of finished calls. What it throws is dropped: there is nobody left to tell. */
export interface Observer {
  /** Runs the call's work, and waits for it. The call's answer is the work's, whatever this one answers. Left out: it just runs. */
  around?<T>(call: Call, work: () => Promise<T>): Promise<T>;
  finished(call: Call, outcome: Outcome, durationMs: number): void;
  /** A tool was called that does not exist, or not for this caller. */
  unknownTool?(call: UnknownCall, durationMs: number): void;
  /** A request was refused before it came to a call. */
  refused?(request: RefusedRequest): void;
  stepFailed(fault: StepFault): void;
}

/** Everything that happens around a handler. Each has one implementation per deployment, chosen at start-up. */
export interface CallSteps {
  policy: Policy;
  limiter: Limiter;
  confirmer: Confirmer;
  auditor: Auditor;
  observer: Observer;
}

/** Of a server that changes nothing: reads run, writes are refused. */
export const refuseWrites: Confirmer = Object.freeze({
  refusesWrites: true,
  async confirm({ tool }: ParsedCall) {
    if (tool.effect === "read") return {};
    throw new ToolError(
      "denied",
      `${tool.name} changes things, and this server is read-only. Its operator can allow it (setting writes).`,
    );
  },
});

/** Whether a tool's calls are refused whoever makes them: it changes things, and the server changes nothing. */
export function isRefused(
  { refusesWrites = false }: Pick<Confirmer, "refusesWrites">,
  { effect }: Tool,
): boolean {
  return refusesWrites && effect !== "read";
}

/** Of a server whose operator lets writes run as they come. */
export const allowWrites: Confirmer = Object.freeze({ confirm: async () => ({}) });

/** What holds with no guard configured: every tool visible, reads run, writes are refused. */
export const unguarded: CallSteps = Object.freeze({
  policy: { visible: () => true, authorize: async () => {} },
  limiter: { admit: async () => () => {} },
  confirmer: refuseWrites,
  auditor: { intent: async () => {}, outcome: async () => {} },
  observer: { finished: () => {}, stepFailed: () => {} },
});
