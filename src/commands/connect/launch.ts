import { realpathSync } from "node:fs";
import process from "node:process";
import { settingTree } from "../../config/leaves.ts";
import { loadConfig } from "../../config/load.ts";
import { createSettingsSchema } from "../../config/schema.ts";
import { splitArguments } from "../../config/sources/flags.ts";
import type { CommandContext } from "../frame/command.ts";
import { UsageError } from "../frame/usage-error.ts";
import type { Launch } from "./clients.ts";

/** Variables a desktop program does not inherit from a shell. Names of places, never secrets. */
const passedVariables = ["AWS_PROFILE", "AWS_REGION", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"];

/**
 * The command a client must spawn for this very Sluice with these very settings. Absolute paths throughout:
 * desktop programs start with another PATH and another working folder. Throws `ConfigError` for wrong settings.
 */
export async function stdioLaunch({ argv, terminal }: CommandContext, demo: boolean): Promise<Launch> {
  const { surroundings } = terminal;
  const { file, effective } = await loadConfig({ argv, surroundings, defaultFile: !demo });
  const { flags } = splitArguments(argv, settingTree(createSettingsSchema(surroundings)));
  const given = new Set(flags.map(({ path }) => path));
  const asFlags = effective
    .filter(({ path }) => given.has(path))
    .map(({ path, value }) => `--${path}=${Array.isArray(value) ? JSON.stringify(value) : String(value)}`);
  if (asFlags.some((flag) => flag.endsWith("=(hidden)"))) {
    throw new UsageError(
      "A secret cannot be given to a client as a flag: put its reference into a settings file.",
    );
  }
  const env = passedVariables.flatMap((name) => {
    const value = demo ? undefined : surroundings.env[name];
    return value ? [[name, value] as const] : [];
  });
  return {
    kind: "stdio",
    command: process.execPath,
    args: [
      ...programArguments(),
      ...(demo ? ["demo", "--stdio"] : ["stdio"]),
      ...(file === undefined ? [] : ["--config", file]),
      ...asFlags,
    ],
    env: Object.fromEntries(env),
  };
}

/** What Node must be given to run this program again. */
function programArguments(): string[] {
  const program = realpathSync(process.argv[1] ?? "");
  if (program.endsWith(".ts"))
    throw new UsageError("Build first (npm run build), and connect with dist/main.js.");
  return [program];
}
