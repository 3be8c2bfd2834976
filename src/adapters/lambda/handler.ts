import { problem } from "../http/problem.ts";
import { pathOf, type TellTurnedAway } from "../http/turned-away.ts";
import type { InvocationDeadlines } from "./deadline.ts";
import { type GatewayRequest, readEvent } from "./event.ts";
import type { GatewayCallers } from "./gateway-callers.ts";
import { type BoundFault, refusalOf } from "./refusals.ts";
import { toWebRequest } from "./request.ts";
import { type GatewayResult, maxResultBytes, sizeBytesOf, toGatewayResult } from "./result.ts";

/** What the Lambda runtime says of an invocation. Source: Lambda, "Node.js context object". */
export interface LambdaContext {
  getRemainingTimeInMillis(): number;
}

export type LambdaHandler = (event: unknown, context: LambdaContext) => Promise<GatewayResult>;

export interface LambdaOptions {
  /** The routes. */
  fetch(request: Request): Response | Promise<Response>;
  callers: GatewayCallers;
  deadlines: InvocationDeadlines;
  /** Milliseconds since the epoch. */
  now(): number;
  /** Brings out what is still in the process, which is frozen once it has answered; takes no longer than told. */
  flush(withinMs: number): Promise<void>;
  /** Told of requests that are none, and so never came to a route: for the log. */
  onTurnedAway: TellTurnedAway;
}

/** Before the function's end: calls are stopped, */
const stopCallsMs = 2_500;
/** those that do not stop are answered for, */
const answerMs = 1_500;
/** and what was kept for sinks is brought out. */
const flushMs = 500;
/** A sink that does not answer must not make every call as slow as that. */
const longestFlushMs = 2_000;

/**
 * Serves events of API Gateway and of function URLs by the routes of the HTTP adapter. Rejects for other events: whoever
 * sent one is told by Lambda. Everything else is answered.
 */
export function createLambdaHandler(options: LambdaOptions): LambdaHandler {
  const { callers, deadlines, now, flush, onTurnedAway } = options;
  return async (event, context) => {
    const given = readEvent(event);
    const remainingMs = () => context.getRemainingTimeInMillis();
    const controller = new AbortController();
    const answer = async () => {
      const request = webRequest(given, controller.signal, onTurnedAway);
      if (request instanceof Response) return request;
      if (given.caller) callers.cameFrom(request, given.caller);
      return options.fetch(request);
    };
    const endsMs = now() + remainingMs() - stopCallsMs;
    const whole = deadlines.run(endsMs, async () => toGatewayResult(await answer(), given.format));
    const result = await beforeEnd(whole, remainingMs() - answerMs, async () => {
      controller.abort();
      return toGatewayResult(refusalOf(given, outOfTime), given.format);
    });
    const bounded = await withinSize(result, given);
    await flush(Math.max(0, Math.min(longestFlushMs, remainingMs() - flushMs)));
    return bounded;
  };
}

const outOfTime: BoundFault = {
  code: "timeout",
  status: 504,
  message: "The function's time was over before the answer was there. Ask for less.",
};

function webRequest(given: GatewayRequest, signal: AbortSignal, tell: TellTurnedAway): Request | Response {
  try {
    return toWebRequest(given, signal);
  } catch (thrown) {
    if (!(thrown instanceof TypeError)) throw thrown;
    const reason = "The request's method or a header of it is not valid in HTTP.";
    const method = given.method.slice(0, 20);
    // Headers that are not valid have no trace that could be trusted to be one.
    tell({ method, path: pathOf(given.path), code: "invalid_input", reason, traceparent: undefined });
    return problem({ status: 400, detail: reason });
  }
}

async function withinSize(result: GatewayResult, given: GatewayRequest): Promise<GatewayResult> {
  const sizeBytes = sizeBytesOf(result);
  if (sizeBytes <= maxResultBytes) return result;
  const message = `The answer takes ${sizeBytes} bytes; a Lambda function may give ${maxResultBytes}. Ask for less.`;
  return toGatewayResult(refusalOf(given, { code: "too_large", status: 413, message }), given.format);
}

/** What `work` gives, or `late` does where it has nothing by then. */
async function beforeEnd<T>(work: Promise<T>, leftMs: number, late: () => Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const end = new Promise<"late">((resolve) => {
    timer = setTimeout(() => resolve("late"), Math.max(0, leftMs));
  });
  const first = await Promise.race([work.then((value) => ({ value })), end]).finally(() =>
    clearTimeout(timer),
  );
  if (first !== "late") return first.value;
  // Nobody waits for it any more.
  work.catch(() => {});
  return late();
}
