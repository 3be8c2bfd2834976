import { ROOT_CONTEXT, type Span, SpanKind, SpanStatusCode, type Tracer, trace } from "@opentelemetry/api";
import type { ServiceCallObserver } from "../../core/service-calls.ts";

/** A call that opens thousands of objects must not push the spans of others out of the queue. */
const maxSpansPerCall = 100;

/** A span below `parent` for each of the first requests to services, one for each attempt; `parent` says how many there were. */
export function createServiceSpans(tracer: Tracer, parent: Span): ServiceCallObserver {
  const below = trace.setSpan(ROOT_CONTEXT, parent);
  let begun = 0;
  return {
    began(call) {
      parent.setAttribute("sluice.service_calls", ++begun);
      if (begun > maxSpansPerCall) return () => {};
      // Databricks' operations name the path behind the method: names of tables are in it.
      const [method = ""] = call.operation.split(" ");
      const attributes = { "rpc.service": call.service, "rpc.method": method };
      const span = tracer.startSpan(
        `${call.service} ${method}`,
        { kind: SpanKind.CLIENT, attributes },
        below,
      );
      return () => {
        const { requestId, status, fault } = call;
        if (requestId !== undefined) span.setAttribute("aws.request_id", requestId);
        if (status !== undefined) span.setAttribute("http.response.status_code", status);
        if (fault !== undefined || status !== undefined)
          span.setAttribute("error.type", fault ?? String(status)).setStatus({ code: SpanStatusCode.ERROR });
        span.end();
      };
    },
  };
}
