import { ToolError } from "../../core/errors.ts";
import { nameOf } from "../datasets/dataset.ts";
import { mapBounded } from "../datasets/map-bounded.ts";
import { quoteName } from "../location-names.ts";
import type { LakeScope } from "../scope.ts";
import { readBytes } from "../stores/read-bytes.ts";
import type { StoredObject, Stores } from "../stores/store.ts";
import { below, type TableRoot } from "../tables/table-root.ts";
import { damagedMetadata } from "./faults.ts";
import { metadataName } from "./metadata-name.ts";
import type { OpenMetadata } from "./read-metadata.ts";

/** Files of a metadata folder looked at. */
const maxListed = 200_000;
const hintName = "version-hint.text";
const hintBytes = 4_096;
/** Of one number, where writers raced. */
const maxAlike = 16;

/** What a table's metadata folder shows. */
export interface MetadataFolder {
  files: NamedFile[];
  hint: StoredObject | undefined;
}

interface NamedFile {
  name: string;
  version: number;
  object: StoredObject;
}

/** Looks for metadata files below a folder. Undefined where there are none. Throws `too_large` past 200,000 files. */
export async function listMetadata(
  stores: Stores,
  root: TableRoot,
  { signal }: LakeScope,
): Promise<MetadataFolder | undefined> {
  const location = below(root, "metadata/");
  const files: NamedFile[] = [];
  let hint: StoredObject | undefined;
  let listed = 0;
  let after: string | undefined;
  do {
    const page = await stores.list(
      { location, delimiter: "/", maxKeys: 1_000, ...(after === undefined ? {} : { after }) },
      signal,
    );
    for (const object of page.objects) {
      const name = nameOf(object.location).slice(nameOf(location).length);
      const found = metadataName(name);
      if (found) files.push({ name, version: found.version, object });
      if (name === hintName) hint = object;
    }
    listed += page.objects.length;
    if (listed > maxListed) throw tooManyFiles(root);
    after = page.next;
  } while (after !== undefined);
  return files.length > 0 ? { files, hint } : undefined;
}

function tooManyFiles({ uri }: TableRoot): ToolError {
  return new ToolError(
    "too_large",
    `The metadata folder of the Iceberg table ${quoteName(uri)} has more than ${maxListed} files. Name one of its metadata.json files, or remove old ones.`,
    { details: { maxListed } },
  );
}

/** A metadata file, and how it was chosen, for a note. */
export interface ChosenMetadata {
  table: OpenMetadata;
  why: string;
}

/**
 * The newest metadata file: where `version-hint.text` says, or behind that while versions follow each other, as writers
 * write the hint last; else the highest number, and of several files of one number the one updated last.
 */
export async function newestMetadata(
  { files, hint }: MetadataFolder,
  readHint: (object: StoredObject) => Promise<string>,
  open: (object: StoredObject) => Promise<OpenMetadata>,
): Promise<ChosenMetadata> {
  const said = hint ? (await readHint(hint)).trim() : "";
  const named = files.find(({ name }) => name === said);
  if (named) return { table: await open(named.object), why: hintName };
  const hinted = versionByHint(files, said);
  const version = hinted ?? files.reduce((most, { version }) => Math.max(most, version), -1);
  const why = hinted === undefined ? "the highest number in its folder, as no catalog was asked" : hintName;
  const alike = files.filter((file) => file.version === version);
  if (alike.length > maxAlike) {
    const [first] = alike;
    throw damagedMetadata(first?.object.uri ?? "", `${alike.length} files have the number ${version}`);
  }
  const [first, ...others] = await mapBounded(alike, maxAlike, ({ object }) => open(object));
  if (!first) throw new TypeError("A metadata folder has a file.");
  const updatedMs = ({ metadata }: OpenMetadata) => metadata["last-updated-ms"];
  const table = others.reduce((last, one) => (updatedMs(one) > updatedMs(last) ? one : last), first);
  return { table, why };
}

function versionByHint(files: readonly NamedFile[], text: string): number | undefined {
  if (!/^\d{1,15}$/.test(text)) return undefined;
  const versions = new Set(files.map(({ version }) => version));
  if (!versions.has(Number(text))) return undefined;
  let version = Number(text);
  while (versions.has(version + 1)) version++;
  return version;
}

/** What `version-hint.text` says. */
export async function readHint(
  stores: Stores,
  { location }: StoredObject,
  scope: LakeScope,
): Promise<string> {
  const range = { start: 0, endExclusive: hintBytes };
  return (await readBytes(stores, { location, ...range }, scope.signal)).toString("utf8");
}
