import { ToolError } from "../../core/errors.ts";
import { quoteName } from "../location-names.ts";

/** Does `work` on one file of several. What it throws names the file: of a folder nobody else could tell which. */
export async function namingFile<T>(uri: string, isOneOfMany: boolean, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    if (!isOneOfMany || !(thrown instanceof ToolError) || thrown.message.includes(uri)) throw thrown;
    const { code, message, details, retryable, cause } = thrown;
    throw new ToolError(code, `${quoteName(uri)}: ${message}`, {
      cause,
      details: { ...details, uri },
      retryable,
    });
  }
}
