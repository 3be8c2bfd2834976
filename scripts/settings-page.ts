import { z } from "zod";
import { settingTree } from "../src/config/leaves.ts";
import type { Surroundings } from "../src/config/platform.ts";
import { createSettingsSchema } from "../src/config/schema.ts";

/** Defaults on a plain Linux machine: the page must read the same wherever it is made. */
const plainMachine: Surroundings = {
  env: {},
  cwd: "/",
  home: "~",
  os: "linux",
  cpuCount: 4,
  memoryBytes: 8 * 1024 ** 3,
};

const introduction = `# Settings

Generated from the code by \`npm run generate\`.

Later sources win: defaults, \`sluice.yaml\` (or the file \`--config\` names), \`SLUICE_*\` variables, flags. A flag is the
setting's path: \`--lake.buckets a,b\`. Lists take commas in variables and flags; sizes take units (\`256KB\`, \`2GB\`), and so
do times (\`30s\`, \`5m\`). A value \`secret://file/<path>\`, \`secret://ssm/<parameter>\` or
\`secret://secretsmanager/<secret>#<key>\` is fetched at start ([where secrets are kept](identity.md#where-secrets-are-kept)).
Unknown settings are errors.
\`sluice config\` shows what is in force and where each value came from; \`sluice config schema\` prints a JSON Schema.

Region, profile and credentials follow the AWS SDK's own chain (\`AWS_REGION\`, \`AWS_PROFILE\`, \`AWS_ENDPOINT_URL\` …).
Defaults that depend on the machine are those of a Linux machine with four processors.
`;

/** docs/settings.md: every setting with its variable, default and meaning. */
export function settingsPage(): string {
  const schema = createSettingsSchema(plainMachine);
  const defaults = z.encode(schema, schema.parse({}));
  const rows = [...settingTree(schema).leaves.values()].map(
    ({ path, variable, description }) =>
      `| \`${path}\` | \`${variable}\` | ${defaultText(valueAt(defaults, path))} | ${description.replaceAll("|", "\\|")} |`,
  );
  return [introduction, "| Setting | Variable | Default | |", "|---|---|---|---|", ...rows, ""].join("\n");
}

function valueAt(settings: unknown, path: string): unknown {
  return path
    .split(".")
    .reduce<unknown>((value, name) => (value as Record<string, unknown> | undefined)?.[name], settings);
}

function defaultText(value: unknown): string {
  if (value === undefined) return "";
  if (Array.isArray(value) && value.length === 0) return "none";
  return `\`${Array.isArray(value) ? value.join(", ") : String(value)}\``;
}
