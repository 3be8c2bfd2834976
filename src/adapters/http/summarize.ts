import { z } from "zod";
import { type CallPath, callTool } from "../../core/call.ts";
import type { Principal } from "../../core/principal.ts";
import { tellRefused } from "../../core/refused-request.ts";
import type { TraceContext } from "../../core/trace-context.ts";
import { JsonRefused, parseJson } from "../../mcp/json.ts";
import { limitHeaders } from "./limit-headers.ts";
import { faultProblem, problem } from "./problem.ts";

const body = z.union([
  z.strictObject({ file_key: z.string().min(1) }),
  z.strictObject({ uri: z.string().min(1) }),
]);

/** One `POST /summarize` whose caller is known and whose body is read. */
export interface SummarizeRequest {
  calls: CallPath;
  principal: Principal;
  /** Where a `file_key` is looked for; without it only `uri` can be used. */
  defaultBucket: string | undefined;
  text: string;
  signal: AbortSignal;
  /** The caller's, where it has one. */
  trace: TraceContext | undefined;
}

/**
 * `POST /summarize`, the REST form of lake_summarize_text: `{"file_key"}` or `{"uri"}` in, the tool's output
 * with the key out, problem documents for faults.
 */
export async function summarize(request: SummarizeRequest): Promise<Response> {
  const asked = readAsked(request);
  if ("refusal" in asked) return refuseSummary(request, 400, asked.refusal);
  const result = await callTool(request.calls, {
    name: "lake_summarize_text",
    arguments: { uri: asked.uri },
    principal: request.principal,
    signal: request.signal,
    correlationId: request.trace?.traceId,
    parentSpanId: request.trace?.parentId,
  });
  if (result.kind === "unknown_tool") {
    return problem({ status: 404, detail: "This server does not offer lake_summarize_text." });
  }
  if (result.kind === "failed") return faultProblem(result.fault, result.allowances);
  const { correlationId, output, allowances } = result;
  return Response.json(
    { file_key: asked.fileKey, ...output },
    { headers: { ...limitHeaders({ allowances }), "x-correlation-id": correlationId } },
  );
}

/** Of a request that comes to no call: logged and recorded as one refused. */
export async function refuseSummary(
  { calls, principal, trace }: Pick<SummarizeRequest, "calls" | "principal" | "trace">,
  status: 400 | 413,
  reason: string,
): Promise<Response> {
  const code = status === 413 ? "too_large" : "invalid_input";
  await tellRefused(calls, { principal, correlationId: trace?.traceId, code, reason });
  return problem({ status, detail: reason });
}

type Asked = { uri: string; fileKey: string } | { refusal: string };

function readAsked({ text, defaultBucket }: SummarizeRequest): Asked {
  const parsed = body.safeParse(parsedOrUndefined(text));
  if (!parsed.success) return { refusal: 'The body must be {"file_key": "…"} or {"uri": "s3://…"}.' };
  if ("uri" in parsed.data) {
    const { uri } = parsed.data;
    return { uri, fileKey: uri.replace(/^s3:\/\/[^/]*\//, "") };
  }
  const { file_key: fileKey } = parsed.data;
  if (defaultBucket === undefined) {
    return { refusal: "No bucket is set for file_key. Send uri, or set one bucket in lake.buckets." };
  }
  return { uri: `s3://${defaultBucket}/${fileKey}`, fileKey };
}

function parsedOrUndefined(text: string): unknown {
  try {
    return parseJson(text);
  } catch (thrown) {
    if (thrown instanceof JsonRefused) return undefined;
    throw thrown;
  }
}
