import { ToolError } from "../../core/errors.ts";

/** Outside what may be read nothing can be known, and nothing more can be read either. */
export async function unlessHidden<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (thrown) {
    if (thrown instanceof ToolError && (thrown.code === "denied" || thrown.code === "not_found"))
      return undefined;
    throw thrown;
  }
}
