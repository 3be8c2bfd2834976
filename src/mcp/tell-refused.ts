import { z } from "zod";
import type { CallPath } from "../core/call.ts";
import type { ErrorCode } from "../core/errors.ts";
import type { Principal } from "../core/principal.ts";
import { tellRefused } from "../core/refused-request.ts";
import { readTraceparent } from "../core/trace-context.ts";

const rpcError = z.looseObject({
  error: z.looseObject({
    message: z.string(),
    /** A fault, where it is one that its caller gets whole. */
    data: z.unknown().optional(),
  }),
});
const toldFault = z.looseObject({ correlationId: z.string() });

const codeOfStatus: ReadonlyMap<number, ErrorCode> = new Map([
  [404, "not_found"],
  [413, "too_large"],
  [415, "unsupported"],
  [429, "throttled"],
  [503, "unavailable"],
]);
/** Nobody was left to be refused anything. */
const clientGone = 499;

/** Gives a refusal back once it is logged and recorded, with the words its caller gets. */
export async function toldRefusal(
  calls: CallPath,
  { request, principal }: { request: Request; principal: Principal },
  refusal: Response,
): Promise<Response> {
  const { status } = refusal;
  if (status === clientGone) return refusal;
  const told = await readRefusal(refusal);
  const correlationId = told.correlationId ?? readTraceparent(request.headers.get("traceparent"))?.traceId;
  const code = codeOfStatus.get(status) ?? (status >= 500 ? "internal" : "invalid_input");
  await tellRefused(calls, { principal, correlationId, code, reason: told.reason });
  return refusal;
}

async function readRefusal(refusal: Response) {
  const { data } = rpcError.safeParse(
    await refusal
      .clone()
      .json()
      .catch(() => undefined),
  );
  return {
    reason: data?.error.message ?? `HTTP ${refusal.status}`,
    correlationId: toldFault.safeParse(data?.error.data).data?.correlationId,
  };
}
