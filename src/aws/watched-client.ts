import { isRecord } from "../core/record.ts";
import { beginServiceCall, plainName, type ServiceCall } from "../core/service-calls.ts";
import type { SdkPlugin, SdkStack } from "./sdk-middleware.ts";

type Next = (request: { input: object; request: unknown }) => Promise<SdkAnswer>;
interface SdkAnswer {
  response: unknown;
  output: { $metadata: object };
}

/**
 * Takes down what a client of the AWS SDK sends, attempt by attempt, for the call it sends it for: a plugin for clients that
 * the SDK makes itself too.
 */
export const watchPlugin: SdkPlugin = Object.freeze({
  applyToStack(stack: object) {
    const watch =
      (next: Next, context: object): Next =>
      async (request) => {
        const { service, operation } = namesOf(context);
        const begun = beginServiceCall(service, operation);
        return begun ? takeDown(begun, request.request, () => next(request)) : next(request);
      };
    (stack as SdkStack<Next>).add(watch, { step: "deserialize", priority: "high" });
  },
});

/** Source: AWS SDK for JavaScript, "HandlerExecutionContext". */
function namesOf(context: object): { service: string; operation: string } {
  const { clientName, commandName } = context as Record<string, unknown>;
  return {
    service: String(clientName)
      .replace(/Client$/, "")
      .toLowerCase(),
    operation: String(commandName).replace(/Command$/, ""),
  };
}

async function takeDown(
  { call, read, ended }: NonNullable<ReturnType<typeof beginServiceCall>>,
  request: unknown,
  send: () => Promise<SdkAnswer>,
): Promise<SdkAnswer> {
  try {
    const answer = await send();
    note(call, answer.output.$metadata);
    if (!isRecord(request) || request.method !== "HEAD") read(sizeBytesOf(answer.response));
    return answer;
  } catch (thrown) {
    if (thrown instanceof Error) {
      call.fault = plainName(thrown.name) ?? "Error";
      if ("$metadata" in thrown) note(call, thrown.$metadata);
    }
    throw thrown;
  } finally {
    ended();
  }
}

function note(call: ServiceCall, metadata: unknown): void {
  if (!isRecord(metadata)) return;
  const { requestId, httpStatusCode } = metadata;
  const id = plainName(requestId);
  if (id !== undefined) call.requestId = id;
  if (typeof httpStatusCode === "number" && httpStatusCode >= 400) call.status = httpStatusCode;
}

/** By the header: the body is still to be read. */
function sizeBytesOf(response: unknown): number {
  const headers = isRecord(response) && isRecord(response.headers) ? response.headers : {};
  const sizeBytes = Number(headers["content-length"] ?? 0);
  return Number.isSafeInteger(sizeBytes) && sizeBytes > 0 ? sizeBytes : 0;
}
