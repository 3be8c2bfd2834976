import { settingsJsonSchema } from "../config/json-schema.ts";
import { loadConfig } from "../config/load.ts";
import { oldNamesIn } from "../config/sources/old-names.ts";
import { table } from "../core/render.ts";
import { type CommandContext, defineCommand } from "./frame/command.ts";
import { UsageError } from "./frame/usage-error.ts";

/** `sluice config`: the effective settings, each with where it came from. */
export const config = defineCommand({
  name: "config",
  positionals: "[what]",
  describePositionals: { what: "schema: print the JSON Schema of sluice.yaml" },
  summary: "Prints the effective settings, with where each came from",
  options: { json: { type: "boolean", describe: "Print JSON" } },
  examples: [
    ["sluice config", "Every setting, its value and its source"],
    ["sluice config schema > sluice.schema.json", "For an editor to check sluice.yaml"],
  ],
  complete: async () => ["schema"],
  async run({ json, positionals }, context) {
    const { argv, terminal } = context;
    const { what } = positionals;
    if (what === "schema") {
      terminal.out(JSON.stringify(settingsJsonSchema(terminal.surroundings), undefined, 2));
      return 0;
    }
    if (what !== undefined)
      throw new UsageError(`"sluice config ${what}" is not known: leave "${what}" out, or write "schema".`);
    const { effective, file } = await loadConfig({ argv, surroundings: terminal.surroundings });
    const oldNames = oldNamesIn(terminal.surroundings.env);
    if (json) {
      const settings = effective.map(({ path, value, origin, description }) => ({
        path,
        value: value ?? null,
        from: origin.kind,
        name: origin.name,
        description,
      }));
      terminal.out(JSON.stringify({ file: file ?? null, settings, oldNames }, undefined, 2));
      return 0;
    }
    terminal.out(
      table(
        ["setting", "value", "from"],
        effective.map(({ path, value, origin }) => [path, shown(value), origin.name || origin.kind]),
        effective.length,
      ),
    );
    for (const { name, meaning } of oldNames) terminal.err(`${name} is set: ${meaning}.`);
    explainFile(context, file);
    return 0;
  },
});

function shown(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? "(none)" : value.map(shownItem).join(", ");
  if (typeof value === "object" && value !== null) return JSON.stringify(value);
  return value === undefined ? "(not set)" : String(value);
}

function shownItem(item: unknown): string {
  return typeof item === "object" ? JSON.stringify(item) : String(item);
}

function explainFile({ terminal }: CommandContext, file: string | undefined): void {
  terminal.err(
    file === undefined
      ? "No settings file was read: there is no sluice.yaml here."
      : `Settings file: ${file}`,
  );
}
