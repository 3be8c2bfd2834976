import { parseDocument } from "yaml";
import { ConfigError } from "../config-error.ts";

/** What a YAML text holds. Throws `ConfigError` for what is no YAML, and for a setting that is given twice. */
export function parseYaml(text: string, path: string): unknown {
  const document = parseDocument(text, { prettyErrors: true, uniqueKeys: true });
  const [error] = document.errors;
  if (error)
    throw new ConfigError([`The settings file ${path} is not YAML: ${error.message.split("\n")[0]}`]);
  return document.toJS({ maxAliasCount: 100 });
}
