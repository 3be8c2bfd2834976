import { ToolError } from "../../core/errors.ts";
import { quoteName } from "../location-names.ts";

/** What is thrown where the version that was asked for is gone. */
export function changedMeanwhile(uri: string): ToolError {
  return new ToolError(
    "changed",
    `${quoteName(uri)} was changed meanwhile. Call again to read it as it is now.`,
  );
}

/** Whether a read broke off, so that it can go on where it was. */
export function isBroken(thrown: unknown): boolean {
  return thrown instanceof ToolError && (thrown.code === "unavailable" || thrown.code === "timeout");
}
