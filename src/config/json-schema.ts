import { z } from "zod";
import type { Surroundings } from "./platform.ts";
import { createSettingsSchema } from "./schema.ts";

/** JSON Schema (2020-12) of the settings file, for editors. Defaults are as users write them, on this machine. */
export function settingsJsonSchema(surroundings: Surroundings): Record<string, unknown> {
  const schema = createSettingsSchema(surroundings);
  const written = z.encode(schema, schema.parse({}));
  const json = z.toJSONSchema(schema, { io: "input", target: "draft-2020-12" });
  fillDefaults(json, written);
  return { ...json, title: "Sluice settings" };
}

/** Codecs' defaults are parsed values, which a schema of what users write cannot show: put the written ones in. */
function fillDefaults(node: z.core.JSONSchema.BaseSchema, value: unknown): void {
  if (!node.properties) {
    if (value !== undefined) node.default = value as string;
    return;
  }
  delete node.default;
  for (const [name, property] of Object.entries(node.properties)) {
    if (typeof property === "object") fillDefaults(property, (value as Record<string, unknown>)[name]);
  }
}
