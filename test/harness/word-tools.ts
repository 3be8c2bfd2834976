import type { Tool } from "../../src/core/tool.ts";
import { tool } from "./call-path.ts";
import { appendSynced, linesOf } from "./synced-lines.ts";

/**
 * Two tools whose effects are lines of a file, each synced before the call goes on. `test_write_word` writes whenever it is
 * run, so that no second effect goes unseen; `test_put_word` can be run again, and leaves what is there. `step` is called before an
 * effect and after it.
 */
export function wordTools(
  effectsPath: string,
  step: (moment: "before" | "after") => void = () => {},
): Tool[] {
  const shared = {
    effect: "write" as const,
    async plan({ word }: Record<string, unknown>) {
      const changes = [{ what: `the word ${word}`, to: String(word) }];
      return { summary: "Writes a word", changes, reversible: true, stateSeen: "" };
    },
  };
  const write = (word: string) => {
    step("before");
    appendSynced(effectsPath, word);
    step("after");
    return { said: word };
  };
  return [
    tool("test_write_word", { ...shared, handle: async ({ word }) => write(String(word)) }),
    tool("test_put_word", {
      ...shared,
      plan: async (input) => ({ ...(await shared.plan(input)), repeatableAs: String(input.word) }),
      async handle({ word }) {
        const said = String(word);
        return linesOf(effectsPath).includes(said) ? { said } : write(said);
      },
    }),
  ];
}
