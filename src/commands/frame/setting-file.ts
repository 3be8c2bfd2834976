import { readFile } from "node:fs/promises";
import { ConfigError } from "../../config/config-error.ts";

/** The text of a file that a setting names. Throws `ConfigError` for one that cannot be read. */
export function readSettingFile(setting: string, path: string): Promise<string> {
  return readFile(path, "utf8").catch((cause: NodeJS.ErrnoException) => {
    throw new ConfigError([`${setting}: ${path} cannot be read: ${cause.code ?? cause.message}`]);
  });
}
