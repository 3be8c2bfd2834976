import type { Principal } from "../../core/principal.ts";
import type { RefusedRequest } from "../../core/refused-request.ts";
import type { ServiceCalls } from "../../core/service-calls.ts";
import type { Call, Outcome, UnknownCall } from "../../core/steps.ts";
import type { Tool } from "../../core/tool.ts";
import { boundedText, recordArguments } from "./recorded-arguments.ts";
import { recordServiceCalls } from "./recorded-service-calls.ts";
import { resourcesOf } from "./resources.ts";

const maxNameChars = 512;

/** What both records of a call say of it. */
export function whoAndWhat({ tool, calledAs, ...call }: Call) {
  return { ...whoCalled(call), ...toolOf(tool, calledAs) };
}

function whoCalled({ id, principal, correlationId }: Pick<Call, "id" | "principal" | "correlationId">) {
  return {
    call: id,
    correlationId: boundedText(correlationId, maxNameChars),
    ...callerOf(principal),
  };
}

/** Who called, as was proved. */
export function callerOf({ id, tenantId, via }: Principal) {
  return { principal: verifiedName(id), tenant: verifiedName(tenantId), via };
}

/** Nothing that looks like a secret is hidden in it: it was proved, and says who acted. */
function verifiedName(name: string): string {
  return name.length > maxNameChars ? `${name.slice(0, maxNameChars)}…` : name;
}

function toolOf(tool: Tool, calledAs: string) {
  return { tool: tool.name, ...(calledAs === tool.name ? {} : { calledAs }), effect: tool.effect };
}

/** The arguments of a call, and what it names. */
export function argumentsOf({ rawArguments }: Pick<Call, "rawArguments">, made?: ServiceCalls) {
  const resources = resourcesOf(rawArguments, made?.tables);
  return { ...recordArguments(rawArguments ?? {}), ...(resources.length > 0 ? { resources } : {}) };
}

const maxMessageChars = 500;

/** What became of a call, and what it asked services for it. */
export function resultOf(outcome: Outcome, durationMs: number, made: ServiceCalls | undefined) {
  const result =
    outcome.kind === "completed"
      ? { result: "ok", resultBytes: outcome.sizeBytes }
      : { result: outcome.fault.code, message: boundedText(outcome.fault.message, maxMessageChars) };
  const { repeatsMs } = outcome;
  const repeated = repeatsMs === undefined ? {} : { repeats: new Date(repeatsMs).toISOString() };
  return { ...result, ...repeated, durationMs: Math.round(durationMs), ...recordServiceCalls(made) };
}

function hiddenMessage(why: string | undefined): string {
  const message = `The tool is hidden from this caller${why === undefined ? "" : `: ${why}`}.`;
  return boundedText(message, maxMessageChars);
}

/** All of a request that never came to a call. */
export function refusedFields({ code, reason, ...request }: RefusedRequest) {
  return { ...whoCalled(request), result: code, message: boundedText(reason, maxMessageChars) };
}

/** More than any tool's name has. */
const maxUnknownChars = 128;

/** All of a call that came to no tool. The record says more than its caller was told. */
export function unknownFields(call: UnknownCall, durationMs: number) {
  const { name, hidden } = call;
  return {
    ...whoCalled(call),
    ...(hidden
      ? { ...toolOf(hidden.tool, name), result: "denied", message: hiddenMessage(hidden.why) }
      : { tool: boundedText(name, maxUnknownChars), result: "not_found" }),
    ...argumentsOf(call),
    durationMs: Math.round(durationMs),
  };
}
