import {
  type Context,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  type Tracer,
  trace,
} from "@opentelemetry/api";
import { observeServiceCalls } from "../../core/service-calls.ts";
import type { Call, Observer } from "../../core/steps.ts";
import { createServiceSpans } from "./service-spans.ts";

/**
 * One span for each call of a tool, ended when the call is answered, and one below it for each request it sends to a
 * service. Of a tool that is hidden from its caller there is none. Names of attributes: OpenTelemetry's semantic
 * conventions where they have one.
 */
export function createCallSpans(tracer: Tracer): Observer & Required<Pick<Observer, "around">> {
  const spans = new WeakMap<Call, Span>();
  return {
    around(call, work) {
      const attributes = {
        "sluice.tool": call.tool.name,
        "sluice.toolset": call.tool.toolset,
        "sluice.effect": call.tool.effect,
        "sluice.correlation_id": call.correlationId,
      };
      const span = tracer.startSpan(
        `tools/call ${call.tool.name}`,
        { kind: SpanKind.SERVER, attributes },
        callersContext(call),
      );
      spans.set(call, span);
      return observeServiceCalls(createServiceSpans(tracer, span), work);
    },
    finished(call, outcome) {
      const span = spans.get(call);
      const code = outcome.kind === "completed" ? "ok" : outcome.fault.code;
      span?.setAttribute("sluice.outcome", code);
      if (code !== "ok") span?.setAttribute("error.type", code).setStatus({ code: SpanStatusCode.ERROR });
      span?.end();
    },
    stepFailed: () => {},
  };
}

function callersContext({ correlationId, parentSpanId }: Call): Context {
  if (parentSpanId === undefined) return ROOT_CONTEXT;
  return trace.setSpanContext(ROOT_CONTEXT, {
    traceId: correlationId,
    spanId: parentSpanId,
    traceFlags: TraceFlags.SAMPLED,
    isRemote: true,
  });
}
