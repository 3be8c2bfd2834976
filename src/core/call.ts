import type { z } from "zod";
import { runWithin } from "./deadline.ts";
import { ToolError, toFault } from "./errors.ts";
import { describeIssues } from "./issues.ts";
import type { Principal } from "./principal.ts";
import type { FoundTool, Registry } from "./registry.ts";
import { jsonSizeBytes } from "./results.ts";
import type { Call, CallSteps, Outcome, ParsedCall } from "./steps.ts";
import type { CallContext, Progress, ResultBounds, Services, Tool } from "./tool.ts";

/** What every call of one process shares. Built once, by the factory of the dependencies. */
export interface CallPath {
  registry: Registry;
  steps: CallSteps;
  services: Services;
  bounds: ResultBounds;
  /** How long a handler may take, in milliseconds. */
  timeoutMs: number;
  now(): number;
  newId(): string;
}

export interface CallRequest {
  /** A tool's name or alias. */
  name: string;
  arguments: unknown;
  principal: Principal;
  /** Aborts when the caller cancels or is gone. */
  signal?: AbortSignal | undefined;
  /** Taken over from the caller's trace where it has one. */
  correlationId?: string | undefined;
  progress?: ((update: Progress) => void) | undefined;
}

export type CallResult =
  | { kind: "unknown_tool"; name: string; suggestion?: string | undefined }
  | ({ tool: Tool; correlationId: string; durationMs: number } & Outcome);

/**
 * The one path of every call, whatever the adapter. A tool the caller may not see is answered like one that
 * does not exist. Never throws: every fault is an outcome.
 */
export async function callTool(path: CallPath, request: CallRequest): Promise<CallResult> {
  const found = path.registry.find(request.name);
  if (!found || !path.steps.policy.visible(request.principal, found.tool)) {
    return { kind: "unknown_tool", name: request.name, suggestion: suggestVisible(path, request) };
  }
  const call: Call = {
    tool: found.tool,
    calledAs: request.name,
    principal: request.principal,
    correlationId: request.correlationId ?? path.newId(),
    startedMs: path.now(),
    rawArguments: request.arguments,
  };
  let outcome: Outcome;
  let release: (() => void) | undefined;
  try {
    await path.steps.policy.authorize(call);
    release = await path.steps.limiter.admit(call);
    const parsed: ParsedCall = { ...call, input: parseInput(found, request.arguments) };
    await path.steps.confirmer.confirm(parsed);
    await path.steps.auditor.intent(parsed);
    outcome = boundOutput(path, call.tool, await runHandler(path, request, parsed));
  } catch (thrown) {
    outcome = { kind: "failed", fault: toFault(thrown, call.correlationId), thrown };
  } finally {
    release?.();
  }
  const durationMs = path.now() - call.startedMs;
  await path.steps.auditor.outcome(call, outcome, durationMs);
  path.steps.observer.finished(call, outcome, durationMs);
  return { tool: call.tool, correlationId: call.correlationId, durationMs, ...outcome };
}

/** Names a tool only where this caller may see it. */
function suggestVisible({ registry, steps }: CallPath, { name, principal }: CallRequest): string | undefined {
  const near = registry.suggest(name);
  const tool = near === undefined ? undefined : registry.find(near)?.tool;
  return tool && steps.policy.visible(principal, tool) ? near : undefined;
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

async function runHandler(path: CallPath, request: CallRequest, call: ParsedCall) {
  return runWithin(path.timeoutMs, request.signal, (signal) => {
    const context: CallContext = {
      ...path.services,
      principal: call.principal,
      correlationId: call.correlationId,
      signal,
      deadlineMs: call.startedMs + path.timeoutMs,
      bounds: path.bounds,
      now: path.now,
      progress: request.progress ?? (() => {}),
    };
    return call.tool.handle(call.input, context);
  });
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
      `The result takes ${sizeBytes} bytes; ${path.bounds.maxBytes} are allowed. Ask for less.`,
      {
        details: { sizeBytes, maxBytes: path.bounds.maxBytes },
      },
    );
  }
  return { kind: "completed", output, sizeBytes };
}

/** Room for what surrounds a full page of rows: column names, notes, cursor. */
const envelopeAllowanceBytes = 64 * 1024;
