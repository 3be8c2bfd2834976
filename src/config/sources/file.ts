import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { assign, emptyLayer, type Layer } from "../assignment.ts";
import { ConfigError } from "../config-error.ts";
import type { SettingTree } from "../leaves.ts";

/** The settings file looked for in the working folder when none is named. */
export const defaultFileName = "sluice.yaml";

export interface FileRequest {
  cwd: string;
  /** A file the user named, which must exist. Left out: `sluice.yaml`, where there is one. */
  named: string | undefined;
}

/** A settings file as read: its absolute path, and what it sets. */
export interface SettingsFile {
  path: string;
  /** Relative paths in the file start here. */
  folder: string;
  layer: Layer;
}

/**
 * Reads the settings file. `undefined` where none was named and there is no default one.
 * Throws `ConfigError` for a file that is missing, unreadable or no YAML: what it guards must not be skipped.
 */
export async function readSettingsFile(
  request: FileRequest,
  tree: SettingTree,
): Promise<SettingsFile | undefined> {
  const path = resolve(request.cwd, request.named ?? defaultFileName);
  const text = await readFile(path, "utf8").catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === "ENOENT" && request.named === undefined) return undefined;
    throw new ConfigError([`The settings file ${path} cannot be read: ${cause.code ?? cause.message}`]);
  });
  if (text === undefined) return undefined;
  // Loaded only where there is a file: most starts have none.
  const { parseYaml } = await import("./parse-yaml.ts");
  const layer = emptyLayer();
  assign(layer, tree, "", parseYaml(text, path), { kind: "file", name: path });
  return { path, folder: dirname(path), layer };
}
