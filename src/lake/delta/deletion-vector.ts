import { crc32 } from "node:zlib";
import { ToolError } from "../../core/errors.ts";
import type { LakeScope } from "../scope.ts";
import { readBytes } from "../stores/read-bytes.ts";
import type { Stores } from "../stores/store.ts";
import type { TableRoot } from "../tables/table-root.ts";
import { type DeletionVector, damagedLog } from "./actions.ts";
import { pathInTable } from "./table-path.ts";
import { decodeZ85 } from "./z85.ts";

/** Of one file's deleted rows: a bitmap of a billion rows without any order is smaller. */
const maxVectorBytes = 128 << 20;
const uuidChars = 20;

/**
 * The bitmap of a file's deleted rows, as it is stored. Throws `denied` for one outside the table, `invalid_input` for
 * one that is not there or damaged. Source: Delta protocol, "Deletion Vectors".
 */
export async function readDeletionVector(
  stores: Stores,
  root: TableRoot,
  vector: DeletionVector,
  scope: LakeScope,
): Promise<Buffer> {
  const { storageType, pathOrInlineDv, sizeInBytes } = vector;
  if (sizeInBytes < 0 || sizeInBytes > maxVectorBytes) {
    throw new ToolError(
      "too_large",
      `A deletion vector of the Delta table has ${sizeInBytes} bytes; ${maxVectorBytes} are read. Purge its deleted rows (REORG).`,
    );
  }
  if (storageType === "i") {
    const bytes = decodeZ85(pathOrInlineDv)?.subarray(0, sizeInBytes);
    if (bytes?.length !== sizeInBytes) throw damagedLog(root.uri, "an inline deletion vector is not one");
    return bytes;
  }
  const path = storageType === "p" ? pathOrInlineDv : relativePath(pathOrInlineDv, root);
  return readStored(stores, root, { path, offset: vector.offset ?? 0, sizeInBytes }, scope);
}

/** `<folder><UUID in Z85>` stands for `<folder>/deletion_vector_<UUID>.bin`. */
function relativePath(text: string, { uri }: TableRoot): string {
  const folder = text.slice(0, -uuidChars);
  const hex = decodeZ85(text.slice(-uuidChars))?.toString("hex") ?? "";
  const [, ...parts] = /^(.{8})(.{4})(.{4})(.{4})(.{12})$/.exec(hex) ?? [];
  if (parts.length === 0) throw damagedLog(uri, "the name of a deletion vector is not one");
  const name = `deletion_vector_${parts.join("-")}.bin`;
  return folder === "" ? name : `${folder}/${name}`;
}

interface StoredVector {
  path: string;
  offset: number;
  sizeInBytes: number;
}

async function readStored(
  stores: Stores,
  root: TableRoot,
  { path, offset, sizeInBytes }: StoredVector,
  { signal }: LakeScope,
): Promise<Buffer> {
  const location = pathInTable(root, path);
  if (offset < 0) throw damagedLog(root.uri, `a deletion vector begins at ${offset}`);
  try {
    // Its size and a checksum stand around it.
    const range = { start: offset, endExclusive: offset + sizeInBytes + 8 };
    return checked(await readBytes(stores, { location, ...range }, signal), sizeInBytes, root, path);
  } catch (thrown) {
    if (!(thrown instanceof ToolError) || thrown.code !== "not_found") throw thrown;
    throw damagedLog(root.uri, `the deletion vector ${JSON.stringify(path)} is not there`, thrown);
  }
}

function checked(stored: Buffer, sizeInBytes: number, { uri }: TableRoot, path: string): Buffer {
  const bytes = stored.subarray(4, 4 + sizeInBytes);
  const isWhole = stored.length === sizeInBytes + 8 && stored.readInt32BE(0) === sizeInBytes;
  if (isWhole && crc32(bytes) === stored.readUInt32BE(4 + sizeInBytes)) return bytes;
  throw damagedLog(uri, `the deletion vector ${JSON.stringify(path)} is cut short or damaged`);
}
