import { isRecord } from "../core/record.ts";
import type { PluggableClient, SdkStack } from "./sdk-middleware.ts";

type Next = (request: object) => Promise<unknown>;

/** Of no kind that the AWS SDK sends again. */
class MayBeDone extends Error {
  readonly thrown: unknown;
  constructor(thrown: unknown) {
    super("Whether the request was done is not known.");
    this.thrown = thrown;
  }
}

/**
 * A command that the SDK sends again only where the last attempt surely did nothing. What was thrown where nobody knows is
 * thrown at once. Source: DynamoDB developer guide, "Error handling": a write that ends with status 500 may have been done.
 */
export function sentOnce<C extends PluggableClient>(command: C): C {
  const mark = throwing((thrown) => (isUndone(thrown) ? thrown : new MayBeDone(thrown)));
  const unmark = throwing((thrown) => (thrown instanceof MayBeDone ? thrown.thrown : thrown));
  command.middlewareStack.use({
    applyToStack(stack) {
      // Within the SDK's retries, and outside of them.
      (stack as SdkStack<Next>).add(mark, { step: "finalizeRequest", priority: "low" });
      (stack as SdkStack<Next>).add(unmark, { step: "initialize", priority: "high" });
    },
  });
  return command;
}

/** Throws another thing in place of what is thrown. */
function throwing(instead: (thrown: unknown) => unknown): (next: Next) => Next {
  return (next) => async (request) => {
    try {
      return await next(request);
    } catch (thrown) {
      throw instead(thrown);
    }
  };
}

/** Refused by the service, as throttles are, or never sent for want of a connection. */
function isUndone(thrown: unknown): boolean {
  if (!isRecord(thrown)) return false;
  const { $metadata: metadata, syscall, errors } = thrown;
  const status = isRecord(metadata) ? Number(metadata.httpStatusCode) : Number.NaN;
  if (status >= 400 && status < 500) return true;
  // Of a name with several addresses, each of which was tried.
  if (Array.isArray(errors) && errors.length > 0) return errors.every(isUndone);
  return syscall === "connect" || syscall === "getaddrinfo";
}
