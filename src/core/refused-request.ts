import type { CallPath } from "./call.ts";
import type { ErrorCode } from "./errors.ts";
import type { Principal } from "./principal.ts";
import type { CallSteps } from "./steps.ts";
import { tellStepFault, unbroken } from "./watched-work.ts";

/** A request of a known caller that was refused before it named a tool, or that named none in the form there is for it. */
export interface RefusedRequest {
  id: string;
  principal: Principal;
  correlationId: string;
  code: ErrorCode;
  /** In words of ours, as the caller was told; may quote what it sent. */
  reason: string;
}

/** Has a request logged and recorded that never came to the call path, once. Never throws. */
export async function tellRefused(
  { steps, newId }: { steps: Pick<CallSteps, "auditor" | "observer">; newId: CallPath["newId"] },
  {
    correlationId = newId(),
    ...given
  }: Omit<RefusedRequest, "id" | "correlationId"> & { correlationId?: string | undefined },
): Promise<void> {
  const request: RefusedRequest = { id: newId(), correlationId, ...given };
  const { auditor, observer } = steps;
  unbroken(() => observer.refused?.(request));
  try {
    await auditor.refused?.(request);
  } catch (thrown) {
    tellStepFault(observer, { step: "auditor", thrown });
  }
}
