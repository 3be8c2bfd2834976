import { type ErrorCode, ToolError } from "../../core/errors.ts";
import { quoteName } from "../location-names.ts";

/** Of faults that are of one file. */
const codes: readonly ErrorCode[] = ["invalid_input", "unsupported", "too_large"];

/** Does `work` on one file. What it says is wrong with it names the file: a statement may read several. */
export async function namingFile<T>(uri: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    throw faultOfFile(uri, thrown);
  }
}

/** What was thrown, with the name of the file where it has none. */
export function faultOfFile(uri: string, thrown: unknown): unknown {
  if (!(thrown instanceof ToolError) || !codes.includes(thrown.code)) return thrown;
  const { code, message, details, retryable, cause } = thrown;
  if (details.uri === uri || message.includes(uri)) return thrown;
  return new ToolError(code, `${quoteName(uri)}: ${message}`, {
    cause,
    details: { ...details, uri },
    retryable,
  });
}
