import { contractOf, type JsonSchema, type ToolContract } from "../src/core/contract.ts";
import type { Toolset } from "../src/core/registry.ts";

/** docs/tools.md: every tool with its arguments, results, IAM actions, old names and examples. */
export function toolsPage(toolsets: readonly Toolset[]): string {
  const sections = toolsets.map(({ title, name, tools }) =>
    [`## ${title} (\`${name}\`)`, ...tools.map((tool) => toolSection(contractOf(tool)))].join("\n\n"),
  );
  return `${["# Tools", "Generated from the code by `npm run generate`.", ...sections].join("\n\n")}\n`;
}

function toolSection(contract: ToolContract): string {
  const facts = [
    `Effect: ${contract.effect}.`,
    contract.iam.length > 0 ? `IAM: ${contract.iam.map(code).join(", ")}.` : "",
    contract.aliases.length > 0 ? `Also callable as ${contract.aliases.map(code).join(", ")}.` : "",
  ].filter((fact) => fact !== "");
  return [
    `### \`${contract.name}\``,
    contract.description,
    facts.join(" "),
    table("Argument", contract.inputSchema),
    table("Result", contract.outputSchema),
    ...contract.examples.map(
      ({ title, input }) => `${title}:\n\n\`\`\`json\n${JSON.stringify(input)}\n\`\`\``,
    ),
  ]
    .filter((part) => part !== "")
    .join("\n\n");
}

function table(title: string, schema: JsonSchema): string {
  const properties = Object.entries((schema.properties ?? {}) as Record<string, Property>);
  if (properties.length === 0) return "";
  const required = new Set(Array.isArray(schema.required) ? schema.required : []);
  const rows = properties.map(
    ([name, property]) =>
      `| ${code(name)} | ${cellText(typeText(property))} | ${required.has(name) ? "yes" : ""} | ${cellText(notes(property))} |`,
  );
  return [`| ${title} | Type | Always | |`, "|---|---|---|---|", ...rows].join("\n");
}

interface Property {
  type?: string;
  enum?: unknown[];
  items?: Property;
  anyOf?: Property[];
  properties?: Record<string, Property>;
  additionalProperties?: Property | boolean;
  description?: string;
  default?: unknown;
  minimum?: number;
  maximum?: number;
  maxLength?: number;
  maxItems?: number;
}

function typeText(property: Property): string {
  if (property.enum) return property.enum.map((value) => JSON.stringify(value)).join(" | ");
  if (property.anyOf) return property.anyOf.map(typeText).join(" | ");
  if (property.type === "array") return `list of ${property.items ? typeText(property.items) : "values"}`;
  if (property.properties) return `{${Object.keys(property.properties).join(", ")}}`;
  return property.type ?? "any";
}

function notes({ description, default: byDefault, minimum, maximum, maxLength, maxItems }: Property): string {
  return [
    description,
    byDefault === undefined ? "" : `default ${JSON.stringify(byDefault)}`,
    minimum === undefined ? "" : `from ${minimum}`,
    maximum === undefined ? "" : `up to ${maximum}`,
    maxLength === undefined ? "" : `up to ${maxLength} characters`,
    maxItems === undefined ? "" : `up to ${maxItems} items`,
  ]
    .filter((part) => part !== undefined && part !== "")
    .join("; ");
}

function code(text: string): string {
  return `\`${text}\``;
}

function cellText(text: string): string {
  return text.replaceAll("|", "\\|");
}
