import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { AlwaysOnSampler, BatchSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";
import type { Observer } from "../../core/steps.ts";
import type { Log } from "../log.ts";
import { createCallSpans } from "./call-spans.ts";
import { tellLoss } from "./tell-loss.ts";

/** The spans of one process. None holds what a caller can choose, but for the ids of its trace. */
export interface Tracing {
  /** Makes spans of calls and of what they ask services. */
  observer: Observer;
  /** Sends what ended until now. Gives up after this time, and never throws. Milliseconds. */
  flush(withinMs: number): Promise<void>;
  close(): Promise<void>;
}

interface TracingOptions {
  /** Of a receiver of OTLP over HTTP, without `/v1/traces`. */
  endpoint: string;
  log: Log;
  /** Sluice's own, for the receiver to tell releases apart. */
  version: string;
  /** How long spans are gathered before they are sent. Milliseconds. Default: 1,000. */
  gatherMs?: number;
}

const exportTimeoutMs = 5_000;
const closeMs = 2_000;

/** Source: OpenTelemetry Protocol, "OTLP/HTTP". What the receiver does not take is lost, and the log says so. */
export function createTracing({ endpoint, log, version, gatherMs = 1_000 }: TracingOptions): Tracing {
  const url = `${endpoint.replace(/(?<!\/)\/+$/, "")}/v1/traces`;
  const exporter = tellLoss(new OTLPTraceExporter({ url, timeoutMillis: exportTimeoutMs }), log);
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ "service.name": "sluice", "service.version": version }),
    // A caller's own choice not to be sampled does not hide it from the operator.
    sampler: new AlwaysOnSampler(),
    spanProcessors: [
      new BatchSpanProcessor({
        exporter,
        scheduledDelayMillis: gatherMs,
        exportTimeoutMillis: exportTimeoutMs,
        maxQueueSize: 2_048,
        maxExportBatchSize: 512,
      }),
    ],
  });
  return {
    observer: createCallSpans(provider.getTracer("sluice", version)),
    flush: (withinMs) => within(withinMs, provider.forceFlush()),
    close: () => within(closeMs, provider.shutdown()),
  };
}

/** The exporter itself tells what was lost. */
async function within(ms: number, sending: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([sending.catch(() => {}), late]);
  clearTimeout(timer);
}
