import { ConfigError } from "../../config/config-error.ts";
import { ToolError } from "../../core/errors.ts";
import type { ExitCode } from "./command.ts";
import type { Terminal } from "./terminal.ts";
import { UnreachableError } from "./unreachable-error.ts";
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
  if (thrown instanceof Error && thrown.stack && !saysAll(thrown)) terminal.err(thrown.stack);
  return 1;
}

/** A tool's fault and a refusal of the operating system say all there is; anything else is ours to mend, with its place. */
function saysAll(error: Error): boolean {
  return (
    error instanceof ToolError || ("syscall" in error && "code" in error) || error instanceof UnreachableError
  );
}
