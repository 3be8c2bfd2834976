/** Settings of later versions. Accepting one silently would promise a guard that is not there. */
const laterSettings = ["aws", "lake.engine", "summarize.model"] as const;

/** The setting of a later version that `path` is or lies in. */
export function laterSetting(path: string): string | undefined {
  return laterSettings.find((later) => path === later || path.startsWith(`${later}.`));
}
