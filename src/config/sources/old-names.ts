import { emptyLayer, type Layer } from "../assignment.ts";
import type { Environment } from "../platform.ts";

/** What became of a variable of an older system. */
export interface OldName {
  name: string;
  /** The setting it gives, or nothing where this version has none for it. */
  path?: string;
  /** For people: what it does now. */
  meaning: string;
}

const oldNames: readonly (OldName & { read?: (text: string) => unknown })[] = [
  {
    name: "S3_BUCKET_NAME",
    path: "lake.buckets",
    meaning: "the same as lake.buckets",
    read: (text) => [text],
  },
  { name: "LOG_LEVEL", path: "log.level", meaning: "the same as log.level", read: readLevel },
  { name: "AWS_REGION", meaning: "read by the AWS SDK; lake.s3.region wins over it" },
  { name: "AWS_PROFILE", meaning: "read by the AWS SDK" },
  { name: "API_GATEWAY_URL", meaning: "not used by this version" },
  { name: "API_KEY", path: "auth.apiKey", meaning: "the same as auth.apiKey", read: (text) => text },
];

/** Names Python's logging has and ours has not. */
const pythonLevels: Record<string, string> = { warning: "warn", critical: "fatal", notset: "trace" };

function readLevel(text: string): string {
  const level = text.toLowerCase();
  return Object.hasOwn(pythonLevels, level) ? (pythonLevels[level] ?? level) : level;
}

/** Settings in variables of the older systems. They win over the file and lose to `SLUICE_*`. */
export function readOldNames(env: Environment): Layer {
  const layer = emptyLayer();
  for (const { name, path, read } of oldNames) {
    const text = env[name]?.trim();
    if (!text || !path || !read) continue;
    layer.assignments.push({ path, value: read(text), origin: { kind: "variable", name } });
  }
  return layer;
}

/** The variables of older systems that are set, and what became of them. */
export function oldNamesIn(env: Environment): OldName[] {
  return oldNames
    .filter(({ name }) => env[name]?.trim())
    .map(({ name, path, meaning }) => ({ name, meaning, ...(path === undefined ? {} : { path }) }));
}
