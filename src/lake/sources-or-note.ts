import { ToolError } from "../core/errors.ts";

/** Naming the other places must not hang on one catalog. */
const listMs = 8_000;

interface Listed<Source> {
  sources: Source[];
  notes: string[];
}

/**
 * What a catalog lists, which `subject` names. Where it cannot in time, nothing and a note that says why: what else may be read
 * is still to be listed. Throws what stopped the caller.
 */
export async function sourcesOrNote<Source>(
  subject: string,
  caller: AbortSignal,
  list: (signal: AbortSignal) => Promise<Listed<Source>>,
): Promise<Listed<Source>> {
  try {
    return await list(AbortSignal.any([caller, AbortSignal.timeout(listMs)]));
  } catch (thrown) {
    if (caller.aborted || !(thrown instanceof ToolError)) throw thrown;
    return { sources: [], notes: [`${subject} cannot be listed: ${thrown.message}`] };
  }
}
