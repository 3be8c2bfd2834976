import { ConfigError } from "../../config/config-error.ts";
import { ToolError } from "../../core/errors.ts";
import type { ExitCode } from "./command.ts";
import type { Terminal } from "./terminal.ts";
import { UsageError } from "./usage-error.ts";

/** Says why a command failed, in words, and answers with the exit code. */
export function reportFailure(thrown: unknown, terminal: Terminal, help: string): ExitCode {
  if (thrown instanceof UsageError) {
    terminal.err(`sluice: ${thrown.message}\nSee: ${help}`);
    return 2;
  }
  if (thrown instanceof ConfigError) {
    terminal.err(`sluice: ${thrown.message}`);
    return 2;
  }
  terminal.err(`sluice: ${thrown instanceof Error ? thrown.message : String(thrown)}`);
  // A ToolError says all there is to say; anything else is ours to mend, and needs its place.
  if (!(thrown instanceof ToolError) && thrown instanceof Error && thrown.stack) terminal.err(thrown.stack);
  return 1;
}
