import { Readable } from "node:stream";
import { isRecord } from "../core/record.ts";
import type { SdkPlugin, SdkStack } from "./sdk-middleware.ts";

type Next = (request: object) => Promise<{ response: unknown }>;

export interface AnswerDeadline {
  /** From the head of an answer to the end of its body. Milliseconds. */
  wholeMs: number;
  /** A command whose body may take as long as whoever reads it waits: such as `GetObjectCommand`. */
  except?: string;
}

/**
 * Ends what time without a byte does not: an answer that drips for ever. Per attempt, so that the SDK's retries see a
 * `TimeoutError`; the head has its own time, `answerMs`.
 */
export function answersWithin({ wholeMs, except }: AnswerDeadline): SdkPlugin {
  const bound =
    (next: Next, context: object): Next =>
    async (request) => {
      const answer = await next(request);
      const { commandName } = context as Record<string, unknown>;
      if (commandName !== except) endLate(answer.response, wholeMs);
      return answer;
    };
  return {
    applyToStack: (stack) => (stack as SdkStack<Next>).add(bound, { step: "deserialize", priority: "low" }),
  };
}

function endLate(response: unknown, wholeMs: number): void {
  const body = isRecord(response) ? response.body : undefined;
  if (!(body instanceof Readable)) return;
  const timer = setTimeout(() => body.destroy(tooSlow(wholeMs)), wholeMs).unref();
  body.once("close", () => clearTimeout(timer));
}

function tooSlow(wholeMs: number): Error {
  const error = new Error(`The answer began, and was not whole ${wholeMs} ms later.`);
  return Object.assign(error, { name: "TimeoutError", code: "ETIMEDOUT" });
}
