import type { CallLimits } from "../../mcp/call-limits.ts";
import type { GivenRequest, McpFront } from "../../mcp/front.ts";
import { limitHeaders } from "./limit-headers.ts";

/**
 * The front's answer, and in its head what the caller's limits have left. Not in that of a stream which began before the
 * call was done: its result says so.
 */
export async function answerMcp(
  front: McpFront,
  request: Request,
  given: GivenRequest = {},
): Promise<Response> {
  let told: CallLimits = {};
  const tellLimits = (limits: CallLimits | undefined) => {
    told = limits ?? told;
  };
  const response = await front.fetch(request, { ...given, tellLimits });
  for (const [name, value] of Object.entries(limitHeaders(told))) response.headers.set(name, value);
  return response;
}
