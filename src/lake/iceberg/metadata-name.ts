/** What the name of a metadata file says. */
export interface MetadataName {
  /** Versions count up. −1 where the name has none. */
  version: number;
  isCompressed: boolean;
}

const pattern = /^(?:v(\d{1,15})|(\d{1,15})-[^/]*|[^/]+)\.metadata\.json(?:\.gz)?$/;

/** Undefined for other files. Source: Iceberg table specification, "File System Tables"; Iceberg's catalogs write `00001-<UUID>`. */
export function metadataName(name: string): MetadataName | undefined {
  const isCompressed = /\.gz(?:\.metadata\.json)?$/.test(name);
  const found = pattern.exec(name.replace(/\.gz\.metadata\.json$/, ".metadata.json"));
  if (!found) return undefined;
  return { version: Number(found[1] ?? found[2] ?? -1), isCompressed };
}

/** The folder of the table whose metadata file a name is, with its `/`; undefined for other names. */
export function tableFolderOf(name: string): string | undefined {
  const [, folder, file = ""] = /^(.*)metadata\/([^/]+)$/s.exec(name) ?? [];
  const isInFolder = folder !== undefined && (folder === "" || folder.endsWith("/"));
  return isInFolder && metadataName(file) ? folder : undefined;
}
