import type { z } from "zod";
import { runWithin, type TimeGiven } from "./deadline.ts";
import { ToolError, toFault } from "./errors.ts";
import { givenConfirmation } from "./given-confirmation.ts";
import { describeIssues } from "./issues.ts";
import type { Outside } from "./outside.ts";
import type { Principal } from "./principal.ts";
import type { FoundTool, Registry } from "./registry.ts";
import { jsonSizeBytes } from "./results.ts";
import { runAs } from "./service-calls.ts";
import type { Allowance, Call, CallSteps, Confirmation, Confirmed, Outcome, ParsedCall } from "./steps.ts";
import type { CallContext, Progress, ResultBounds, Services, Tool } from "./tool.ts";
import { runWatched, tellStepFault, unbroken } from "./watched-work.ts";
import { plainPlan } from "./write-plan.ts";

/** When a call has to be answered whatever its settings say, as its process ends or is frozen then. */
export interface CallEnd {
  /** Milliseconds since the epoch. */
  atMs: number;
  /** What has it so, in words for callers. */
  by: string;
}

/** What every call of one process shares. Built once, by the factory of the dependencies. */
export interface CallPath {
  registry: Registry;
  steps: CallSteps;
  services: Services;
  bounds: ResultBounds;
  /** How long a call may take from when it came to its handler's end, waiting for a place included. Milliseconds. */
  timeoutMs: number;
  /** What else ends calls, where something does. */
  mustEnd?(): CallEnd | undefined;
  now(): number;
  newId(): string;
}

/** One call as an adapter hands it over. */
export interface CallRequest {
  /** A tool's name or alias. */
  name: string;
  arguments: unknown;
  principal: Principal;
  /** Aborts when the caller cancels or is gone. */
  signal?: AbortSignal | undefined;
  /** Taken over from the caller's trace where it has one. */
  correlationId?: string | undefined;
  /** The caller's span, where `correlationId` is its trace id. 16 hex digits. */
  parentSpanId?: string | undefined;
  progress?: ((update: Progress) => void) | undefined;
  /** In place of the path's, for a call that may go on after its request was answered. Milliseconds of `tasks.timeoutMs`. */
  timeoutMs?: number | undefined;
  /** All of `tasks.timeoutMs`, where `timeoutMs` is what is left of it for a call that another process began. */
  timeoutOfMs?: number | undefined;
  /** Of a call that another process may be asked to go on with, or this one was. */
  outside?: Outside | undefined;
  /** Where the caller can confirm otherwise than with a token among its arguments. */
  confirmation?: Confirmation | undefined;
}

/** What an adapter puts into its own words. */
export type CallResult =
  | { kind: "unknown_tool"; name: string; suggestion?: string | undefined }
  | ({
      tool: Tool;
      correlationId: string;
      durationMs: number;
      /** Left out where no limit holds for the caller. */
      allowances?: readonly Allowance[];
    } & Outcome);

/**
 * The one path of every call, whatever the adapter. A tool the caller may not see is answered like one that
 * does not exist. Never throws: every fault is an outcome, but those of `Auditor.outcome`, of
 * `Confirmed.settled` and of giving a place back. They come after the answer is known, leave it as it is, and are told to the observer.
 */
export async function callTool(path: CallPath, request: CallRequest): Promise<CallResult> {
  const found = path.registry.find(request.name);
  if (!found) return unknown(path, request);
  const call: Call = {
    id: path.newId(),
    tool: found.tool,
    calledAs: request.name,
    principal: request.principal,
    correlationId: request.correlationId ?? path.newId(),
    parentSpanId: request.parentSpanId,
    startedMs: path.now(),
    ...givenConfirmation(found.tool, request),
  };
  const { auditor, limiter, observer } = path.steps;
  const audited = () => outcomeOf(path, request, found, call);
  const work = () => auditor.watch?.(call, audited) ?? audited();
  const outcome = await runAs(call, () => runWatched(observer, call, work));
  if (outcome.kind === "hidden") return unknown(path, request, { ...call, why: outcome.why });
  const durationMs = path.now() - call.startedMs;
  try {
    await auditor.outcome(call, outcome, durationMs);
  } catch (thrown) {
    tellStepFault(path.steps.observer, { step: "auditor", thrown, call });
  }
  unbroken(() => observer.finished(call, outcome, durationMs));
  const { tool, correlationId } = call;
  const allowances = limiter.allowances?.(call) ?? [];
  return { tool, correlationId, durationMs, ...(allowances.length > 0 && { allowances }), ...outcome };
}

/** The tool is not there for its caller. */
interface Hidden {
  kind: "hidden";
  why: string | undefined;
}

async function outcomeOf(
  path: CallPath,
  request: CallRequest,
  found: FoundTool,
  call: Call,
): Promise<Outcome | Hidden> {
  const { policy, limiter, confirmer } = path.steps;
  let release: (() => void) | undefined;
  try {
    policy.checkUsable?.(call.principal);
    if (!policy.visible(call.principal, call.tool)) {
      return { kind: "hidden", why: policy.whyHidden?.(call.principal, call.tool) };
    }
    await policy.authorize(call);
    release = await limiter.admit(call, request.signal);
    const parsed: ParsedCall = { ...call, input: parseInput(found, call.rawArguments) };
    policy.checkResources?.(parsed);
    const confirmed = await confirmer.confirm(parsed, () => makePlan(path, request, parsed));
    if (confirmed.outcome) return confirmed.outcome;
    const outcome = await act(path, request, parsed);
    await tellSettled(path, parsed, confirmed, outcome);
    return outcome;
  } catch (thrown) {
    return { kind: "failed", fault: toFault(thrown, call.correlationId), thrown, wasRefused: true };
  } finally {
    try {
      release?.();
    } catch (thrown) {
      tellStepFault(path.steps.observer, { step: "limiter", thrown, call });
    }
  }
}

/** What was done is done: the answer is told though others cannot be told of it. */
async function tellSettled(path: CallPath, call: ParsedCall, { settled }: Confirmed, outcome: Outcome) {
  try {
    await settled?.(outcome);
  } catch (thrown) {
    tellStepFault(path.steps.observer, { step: "confirmer", thrown, call });
  }
}

/** From here on the call may have acted. */
async function act(path: CallPath, request: CallRequest, call: ParsedCall): Promise<Outcome> {
  try {
    await path.steps.auditor.intent(call);
    const output = await runWork(path, request, call, (context) => call.tool.handle(call.input, context));
    return boundOutput(path, call.tool, output);
  } catch (thrown) {
    return { kind: "failed", fault: toFault(thrown, call.correlationId), thrown };
  }
}

async function makePlan(path: CallPath, request: CallRequest, call: ParsedCall) {
  const { tool, input } = call;
  if (!tool.plan) return plainPlan(tool, input);
  const { plan } = tool;
  return runWork(path, request, call, (context) => plan(input, context));
}

/** On record either way; whether a tool is hidden, and why, stands there and in the log alone. */
async function unknown(
  path: CallPath,
  request: CallRequest,
  hidden?: Call & Pick<Hidden, "why">,
): Promise<CallResult> {
  const { auditor, observer } = path.steps;
  const { principal, name } = request;
  const { id, correlationId, startedMs, rawArguments } = hidden ?? {
    id: path.newId(),
    correlationId: request.correlationId ?? path.newId(),
    startedMs: path.now(),
    rawArguments: request.arguments,
  };
  const call = { id, principal, correlationId, startedMs, rawArguments, name };
  const told = hidden ? { ...call, hidden: { tool: hidden.tool, why: hidden.why } } : call;
  const durationMs = path.now() - startedMs;
  unbroken(() => observer.unknownTool?.(told, durationMs));
  try {
    await auditor.unknown?.(told, durationMs);
  } catch (thrown) {
    tellStepFault(path.steps.observer, { step: "auditor", thrown });
  }
  return { kind: "unknown_tool", name: request.name, suggestion: suggestVisible(path, request) };
}

/** Names a tool only where this caller may see it. */
function suggestVisible(path: CallPath, { name, principal }: CallRequest): string | undefined {
  const near = path.registry.suggest(name);
  const tool = near === undefined ? undefined : path.registry.find(near)?.tool;
  try {
    return tool && path.steps.policy.visible(principal, tool) ? near : undefined;
  } catch (thrown) {
    tellStepFault(path.steps.observer, { step: "policy", thrown });
    return undefined;
  }
}

function parseInput({ tool, alias }: FoundTool, given: unknown): Record<string, unknown> {
  const input = alias ? alias.toInput(parse(alias.name, alias.input, given ?? {})) : (given ?? {});
  return parse(tool.name, tool.input, input);
}

function parse(name: string, schema: z.ZodObject, value: unknown): Record<string, unknown> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issues = describeIssues(result.error.issues, Object.keys(schema.shape));
  throw new ToolError("invalid_input", `${name}: ${issues.join("; ")}`, { details: { issues } });
}

async function runWork<T>(
  path: CallPath,
  request: CallRequest,
  call: ParsedCall,
  work: (context: CallContext) => Promise<T>,
): Promise<T> {
  const given = timeGiven(path, request, call);
  const { timeoutMs } = given;
  const allowed = { ...given, elapsedMs: path.now() - call.startedMs };
  const { policy } = path.steps;
  const services = policy.narrow?.(call, path.services) ?? path.services;
  return runWithin(allowed, request.signal, (signal) => {
    const context: CallContext = {
      ...services,
      principal: call.principal,
      correlationId: call.correlationId,
      signal,
      deadlineMs: call.startedMs + timeoutMs,
      bounds: path.bounds,
      now: path.now,
      progress: request.progress ?? (() => {}),
      may: (resource) => policy.may?.(call, resource) ?? true,
      ...(request.outside ? { outside: request.outside } : {}),
    };
    return work(context);
  });
}

/** By the setting, or by what ends the call before that has passed. */
function timeGiven(path: CallPath, request: CallRequest, { startedMs }: ParsedCall): TimeGiven {
  const { timeoutMs: ofTask, timeoutOfMs } = request;
  const setting = ofTask === undefined ? "calls.timeoutMs" : "tasks.timeoutMs";
  const timeoutMs = ofTask ?? path.timeoutMs;
  const end = path.mustEnd?.();
  if (end && end.atMs - startedMs < timeoutMs) {
    return { timeoutMs: Math.max(1, end.atMs - startedMs), setting: end.by, isRest: true };
  }
  return { timeoutMs, setting, ...(timeoutOfMs !== undefined && { isRest: true, wholeMs: timeoutOfMs }) };
}

/** Checks the output against its schema and the byte bound, and marks what must not be taken for instructions. */
function boundOutput(path: CallPath, tool: Tool, result: Record<string, unknown>): Outcome {
  const checked = tool.output.safeParse(result);
  if (!checked.success)
    throw new Error(`${tool.name} gave an output off its schema: ${checked.error.message}`);
  const present = tool.untrusted.filter((field) => checked.data[field] !== undefined);
  const output = present.length > 0 ? { ...checked.data, untrusted: present } : checked.data;
  const sizeBytes = jsonSizeBytes(output);
  if (sizeBytes > path.bounds.maxBytes + envelopeAllowanceBytes) {
    throw new ToolError(
      "too_large",
      `The result takes ${sizeBytes} bytes; ${path.bounds.maxBytes} are allowed, and ${envelopeAllowanceBytes} around them. Ask for less.`,
      { details: { sizeBytes, maxBytes: path.bounds.maxBytes, envelopeBytes: envelopeAllowanceBytes } },
    );
  }
  return { kind: "completed", output, sizeBytes };
}

/** Room for what surrounds a full page of rows: column names, notes, cursor. */
const envelopeAllowanceBytes = 64 * 1024;
