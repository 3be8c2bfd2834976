import type { SpanExporter } from "@opentelemetry/sdk-trace";
import type { Log } from "../log.ts";

/** `ExportResultCode.SUCCESS`. Source: OpenTelemetry's `@opentelemetry/core`. */
const success = 0;

/** Tells the log when a receiver begins to refuse spans, and when it takes them again: once each, however many there are. */
export function tellLoss(exporter: SpanExporter, log: Log): SpanExporter {
  let isLosing = false;
  return {
    export(spans, done) {
      exporter.export(spans, (result) => {
        const isLost = result.code !== success;
        if (isLost && !isLosing) log.warn("spans lost", { spans: spans.length, error: result.error });
        if (!isLost && isLosing) log.info("spans taken again");
        isLosing = isLost;
        done(result);
      });
    },
    shutdown: () => exporter.shutdown(),
    forceFlush: async () => exporter.forceFlush?.(),
  };
}
