/** A kind of file by the bytes it begins with. */
interface Signature {
  name: string;
  /** One character per byte. */
  magic: string;
  offset?: number;
  /** The magic can begin a text as well: a control character near it tells. */
  isWordLike?: true;
}

/** Formats Sluice knows by sight and does not read, with what to do instead where that is known. */
const unreadable: readonly Signature[] = [
  { name: "an ORC file", magic: "ORC", isWordLike: true },
  { name: "an Avro file", magic: "Obj\x01" },
  { name: "an Arrow IPC (Feather) file", magic: "ARROW1\0\0" },
  { name: "a PDF document", magic: "%PDF-" },
  { name: "an old Excel or Office file", magic: "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" },
  { name: "a SQLite database", magic: "SQLite format 3\0" },
  { name: "a DuckDB database", magic: "DUCK", offset: 8, isWordLike: true },
  { name: "an HDF5 file", magic: "\x89HDF\r\n\x1a\n" },
  { name: "a bzip2 archive", magic: "1AY&SY", offset: 4 },
  { name: "an xz archive", magic: "\xfd7zXZ\0" },
  { name: "an LZ4 file", magic: "\x04\x22\x4d\x18" },
  { name: "a Snappy file", magic: "\xff\x06\0\0sNaPpY" },
  { name: "a 7-Zip archive", magic: "7z\xbc\xaf\x27\x1c" },
  { name: "a RAR archive", magic: "Rar!\x1a\x07" },
  { name: "a tar archive", magic: "ustar", offset: 257 },
  { name: "a PNG image", magic: "\x89PNG\r\n\x1a\n" },
  { name: "a JPEG image", magic: "\xff\xd8\xff" },
  { name: "a GIF image", magic: "GIF87a" },
  { name: "a GIF image", magic: "GIF89a" },
  { name: "an ELF program", magic: "\x7fELF" },
];

/** Names the unreadable format the bytes begin with; `undefined` for none that is known. */
export function unreadableFormat(head: Uint8Array): string | undefined {
  if (startsWith(head, "PK\x03\x04") || startsWith(head, "PK\x05\x06")) return zipKind(head);
  return unreadable.find(
    ({ magic, offset, isWordLike }) => startsWith(head, magic, offset) && (!isWordLike || hasControls(head)),
  )?.name;
}

/** Whether bytes that no text has stand among the first ones. */
export function hasControls(head: Uint8Array): boolean {
  return head.subarray(0, 64).some((byte) => byte < 7 || (byte > 13 && byte < 27));
}

/** Office files are zip archives: their first entries tell. */
function zipKind(head: Uint8Array): string {
  const entries = Buffer.from(head.buffer, head.byteOffset, head.byteLength).toString("latin1", 0, 8192);
  if (entries.includes("xl/")) return "an Excel (XLSX) workbook";
  if (entries.includes("word/")) return "a Word document";
  if (entries.includes("[Content_Types].xml")) return "an Office document (XLSX or another)";
  return "a zip archive";
}

export function startsWith(head: Uint8Array, magic: string, offset = 0): boolean {
  if (head.length < offset + magic.length) return false;
  for (let index = 0; index < magic.length; index += 1) {
    if (head[offset + index] !== magic.charCodeAt(index)) return false;
  }
  return true;
}

export const gzipMagic = "\x1f\x8b";
export const zstdMagic = "\x28\xb5\x2f\xfd";
export const parquetMagic = "PAR1";
export const encryptedParquetMagic = "PARE";
