import { ToolError } from "../../core/errors.ts";
import { isDiskFull } from "./disk-full.ts";

/** More than the cache holds in all. */
export function neverFits(sizeBytes: number, maxBytes: number): ToolError {
  return new ToolError(
    "too_large",
    `${sizeBytes} bytes do not fit in the local cache, which holds ${maxBytes} (lake.cache.maxBytes).`,
    { details: { sizeBytes, maxBytes, setting: "lake.cache.maxBytes" } },
  );
}

/** Whether it is what {@link allInUse} made. */
export function isAllInUse(thrown: unknown): boolean {
  return thrown instanceof ToolError && thrown.code === "too_large" && thrown.retryable;
}

/** More than can be freed now. Retryable. */
export function allInUse(sizeBytes: number, maxBytes: number): ToolError {
  return new ToolError(
    "too_large",
    `The local cache holds ${maxBytes} bytes (lake.cache.maxBytes), and too much of it is in use by running calls to take in ${sizeBytes} more. Read less at once, try again later, or raise the setting.`,
    { details: { sizeBytes, maxBytes, setting: "lake.cache.maxBytes" }, retryable: true },
  );
}

/** Whether the cache could not take something in: for its cap, the use others make of it just now, or its disk. */
export function isWithoutRoom(thrown: unknown): boolean {
  if (isDiskFull(thrown)) return true;
  if (!(thrown instanceof ToolError) || thrown.code !== "too_large") return false;
  return thrown.details.setting === "lake.cache.maxBytes";
}
