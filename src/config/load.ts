import { z } from "zod";
import { isRecord } from "../core/record.ts";
import type { Assignment, Layer, Origin } from "./assignment.ts";
import { ConfigError } from "./config-error.ts";
import { type SettingTree, settingTree } from "./leaves.ts";
import { absolutePaths } from "./paths.ts";
import { plainKeyWarnings } from "./plain-key.ts";
import type { Surroundings } from "./platform.ts";
import { placeIn } from "./rbac.ts";
import { createSettingsSchema, type Settings } from "./schema.ts";
import { fetchSecret, isSecretReference } from "./secrets/fetch-secret.ts";
import { referencedFiles } from "./secrets/referenced-files.ts";
import { SecretError } from "./secrets/secret-error.ts";
import { readSettingsFile } from "./sources/file.ts";
import { readFlags, splitArguments } from "./sources/flags.ts";
import { readOldNames } from "./sources/old-names.ts";
import { configVariable, readVariables } from "./sources/variables.ts";

export interface LoadRequest {
  /** The command line after the program's name. What is no setting in it is left alone. */
  argv: readonly string[];
  surroundings: Surroundings;
  /** Whether `sluice.yaml` in the working folder is read when no file is named. Default: yes. */
  defaultFile?: boolean;
  /** Settings that win over every source, such as the demo's. By path. */
  fixed?: Readonly<Record<string, unknown>>;
}

/** One setting, for people. */
export interface EffectiveSetting {
  path: string;
  /** As a user would write it; `(hidden)` for a secret. */
  value: unknown;
  origin: Origin;
  description: string;
}

export interface LoadedConfig {
  settings: Settings;
  effective: EffectiveSetting[];
  /** What works and exposes more than it should, for logs and people. */
  warnings: readonly string[];
  /** Absolute path of the settings file, where one was read. */
  file?: string;
  /** Absolute paths of the files that secrets are kept in, as any source names them. */
  secretFiles: readonly string[];
}

/**
 * Reads the settings from defaults, the file, variables and flags, later ones winning, and fetches secrets.
 * Throws `ConfigError` with every problem found.
 */
export async function loadConfig(request: LoadRequest): Promise<LoadedConfig> {
  const { surroundings } = request;
  const schema = createSettingsSchema(surroundings);
  const tree = settingTree(schema);
  const { layers, file } = await readLayers(request, tree);
  const problems = layers.flatMap((layer) => layer.problems);
  const winners = new Map(
    layers.flatMap(({ assignments }) => assignments.map((given) => [given.path, given])),
  );
  const warnings = plainKeyWarnings(winners);
  const given = layers.flatMap(({ assignments }) => assignments.map(({ value }) => value));
  const secretFiles = [...new Set(referencedFiles(given))];
  const secretPaths = await fetchSecrets(winners, problems);
  for (const { path, isSecret } of tree.leaves.values())
    if (isSecret && winners.has(path)) secretPaths.add(path);
  const parsed = schema.safeParse(nest(winners.values()));
  if (!parsed.success)
    problems.push(...parsed.error.issues.map((issue) => describe(issue, winners, secretPaths)));
  if (!parsed.success || problems.length > 0) throw new ConfigError(problems);
  const written: unknown = z.encode(schema, parsed.data);
  const effective = [...tree.leaves.values()].map(({ path, description }) => ({
    path,
    value: secretPaths.has(path) ? "(hidden)" : lookUp(written, path),
    origin: winners.get(path)?.origin ?? { kind: "default" as const, name: "" },
    description,
  }));
  return { settings: parsed.data, effective, warnings, secretFiles, ...(file === undefined ? {} : { file }) };
}

async function readLayers(
  request: LoadRequest,
  tree: SettingTree,
): Promise<{ layers: Layer[]; file?: string }> {
  const { cwd, home, env } = request.surroundings;
  const split = splitArguments(request.argv, tree);
  const named = split.configPath ?? env[configVariable];
  const file =
    named === undefined && request.defaultFile === false
      ? undefined
      : await readSettingsFile({ cwd, named }, tree);
  const layers = [readOldNames(env), readVariables(env, tree), readFlags(split.flags, tree)];
  for (const layer of layers) layer.assignments = absolutePaths(layer.assignments, cwd, home);
  if (file) {
    file.layer.assignments = absolutePaths(file.layer.assignments, file.folder, home);
    layers.unshift(file.layer);
  }
  const fixed = Object.entries(request.fixed ?? {}).map(
    ([path, value]): Assignment => ({ path, value, origin: { kind: "demo", name: "" } }),
  );
  layers.push({ assignments: fixed, problems: split.problems });
  return { layers, ...(file === undefined ? {} : { file: file.path }) };
}

/** Whoever checks keys fetches them, and keeps their hashes alone. */
const fetchedLater: ReadonlySet<string> = new Set(["auth.apiKeys"]);

/** Puts secrets in the place of their references. Answers with the paths that now hold one. */
async function fetchSecrets(winners: Map<string, Assignment>, problems: string[]): Promise<Set<string>> {
  const secretPaths = new Set<string>();
  // All at once: each may take a round trip to AWS.
  const fetching = [...winners].map(async ([path, given]) => {
    const wrong: string[] = [];
    const fetched = async (value: unknown): Promise<unknown> => {
      if (Array.isArray(value)) return Promise.all(value.map(fetched));
      if (isRecord(value)) {
        const members = Object.entries(value).map(async ([name, one]) => [name, await fetched(one)] as const);
        return Object.fromEntries(await Promise.all(members));
      }
      if (!isSecretReference(value)) return value;
      secretPaths.add(path);
      return fetchSecret(value).catch((thrown: unknown) => {
        if (!(thrown instanceof SecretError)) throw thrown;
        wrong.push(`${path}: ${thrown.message}`);
        return undefined;
      });
    };
    if (!fetchedLater.has(path)) winners.set(path, { ...given, value: await fetched(given.value) });
    return wrong;
  });
  problems.push(...(await Promise.all(fetching)).flat());
  return secretPaths;
}

/** Builds the nested object of settings. Paths come from the schema, so none can reach a prototype. */
function nest(assignments: Iterable<Assignment>): Record<string, unknown> {
  const root: Record<string, unknown> = {};
  for (const { path, value } of assignments) {
    const names = path.split(".");
    let node = root;
    for (const name of names.slice(0, -1)) {
      node[name] ??= {};
      node = node[name] as Record<string, unknown>;
    }
    node[names.at(-1) ?? path] = value;
  }
  return root;
}

function lookUp(root: unknown, path: string): unknown {
  return path
    .split(".")
    .reduce<unknown>((node, name) => (node as Record<string, unknown> | undefined)?.[name], root);
}

function describe(
  issue: z.core.$ZodIssue,
  winners: ReadonlyMap<string, Assignment>,
  secretPaths: ReadonlySet<string>,
): string {
  const names = issue.path.map(String);
  const length = names.findIndex((_, index) => winners.has(names.slice(0, index + 1).join("."))) + 1;
  const path = names.slice(0, length || names.length).join(".");
  const origin = winners.get(path)?.origin.name;
  const item = placeIn(["", ...issue.path.slice(length || names.length)]);
  const message = secretPaths.has(path) ? "the secret does not fit this setting" : issue.message;
  return `${path}${item}${origin ? ` (${origin})` : ""}: ${message}`;
}
