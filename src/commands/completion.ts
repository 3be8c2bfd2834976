import { propose } from "./completion/propose.ts";
import { completionScripts } from "./completion/scripts.ts";
import { type Command, defineCommand } from "./frame/command.ts";
import { UsageError } from "./frame/usage-error.ts";

/** `sluice completion`: lets a shell complete commands, tools, flags and settings. */
export function completionOf(commands: readonly Command[]): Command {
  return defineCommand({
    name: "completion",
    positionals: "<shell> [words..]",
    describePositionals: { shell: Object.keys(completionScripts).join(", "), words: "Used by the scripts" },
    summary: "Prints a script that lets your shell complete commands, tools and settings",
    options: {},
    examples: [
      ["sluice completion bash >> ~/.bashrc", "For bash"],
      ["sluice completion zsh >> ~/.zshrc", "For zsh"],
      ["sluice completion fish > ~/.config/fish/completions/sluice.fish", "For fish"],
    ],
    complete: async () => Object.keys(completionScripts),
    async run({ positionals }, context) {
      const { shell } = positionals;
      if (shell === "words") {
        const words = context.argv.slice(context.argv.indexOf("--") + 1);
        const proposed = await propose(words, commands, context).catch(() => []);
        if (proposed.length > 0) context.terminal.out(proposed.join("\n"));
        return 0;
      }
      const script = Object.hasOwn(completionScripts, String(shell))
        ? completionScripts[String(shell)]
        : undefined;
      if (script === undefined)
        throw new UsageError(
          `There is no script for "${shell}", only for ${Object.keys(completionScripts).join(", ")}.`,
        );
      context.terminal.out(script);
      return 0;
    },
  });
}
