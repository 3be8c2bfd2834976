import { isRecord } from "../../core/record.ts";
import { isSecretReference } from "./fetch-secret.ts";
import { secretFilePath } from "./secret-file.ts";

/** Absolute paths of the files that references name (`secret://file/…`), however deep in a setting's value they are. */
export function referencedFiles(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(referencedFiles);
  if (isRecord(value)) return Object.values(value).flatMap(referencedFiles);
  const [, name] = (isSecretReference(value) && /^secret:\/\/file\/(.+)$/.exec(value)) || [];
  return name === undefined ? [] : [secretFilePath(name)];
}
