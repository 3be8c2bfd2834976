/** What looking at one thing came to. */
export interface Check {
  name: string;
  /** `warning`: works, but will bite. */
  status: "ok" | "warning" | "failed";
  message: string;
  /** What to do about it. */
  mend?: string;
}

/** How long one thing may take to answer, in milliseconds. */
export const checkTimeoutMs = 15_000;

/** Nothing to mend. */
export function ok(name: string, message: string): Check {
  return { name, status: "ok", message };
}

/** Sluice does not work before this is mended; `mend` says how. */
export function failed(name: string, message: string, mend: string): Check {
  return { name, status: "failed", message, mend };
}

/** Sluice works, with less than it could; `mend` says how to get the rest. */
export function warning(name: string, message: string, mend: string): Check {
  return { name, status: "warning", message, mend };
}

/** What was thrown, in one line. */
export function wordsOf(thrown: unknown): string {
  return (thrown instanceof Error ? thrown.message : String(thrown)).split("\n")[0] ?? "";
}
