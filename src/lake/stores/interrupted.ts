import { ToolError } from "../../core/errors.ts";
import { quoteName } from "../location-names.ts";

/** What is thrown where the version that was asked for is gone. */
export function changedMeanwhile(uri: string): ToolError {
  return new ToolError(
    "changed",
    `${quoteName(uri)} was changed meanwhile. Call again to read it as it is now.`,
  );
}

/**
 * A body broke off, and what is missing may be asked for. What was thrown before a body began is none: the AWS SDK has tried
 * that again already, and tries never multiply.
 */
export class BrokenBody extends ToolError {}
