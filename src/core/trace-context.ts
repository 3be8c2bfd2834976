const form = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(-.*)?$/;

/** The parts of a `traceparent`, in small hex. */
export interface TraceContext {
  traceId: string;
  /** The caller's span. */
  parentId: string;
}

/** Undefined for anything malformed, all zero, or of a version that never can be. Source: W3C Trace Context, section 3.2. */
export function readTraceparent(given: unknown): TraceContext | undefined {
  if (typeof given !== "string" || given.length > maxChars) return undefined;
  const [, version = "", traceId = "", parentId = "", more] = form.exec(given) ?? [];
  if (/^0*$/.test(traceId) || /^0*$/.test(parentId) || version === "ff") return undefined;
  // Later versions may say more behind what is known.
  return version === "00" && more !== undefined ? undefined : { traceId, parentId };
}

const maxChars = 512;

/** Of what is told outside calls: the trace id of a `traceparent` that holds, else a new id. */
export function correlationIdOf(traceparent: unknown, newId: () => string): string {
  return readTraceparent(traceparent)?.traceId ?? newId();
}
