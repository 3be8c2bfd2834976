import { type FileHandle, open } from "node:fs/promises";
import { ToolError } from "../../core/errors.ts";
import { detectFormat } from "../formats/detect-format.ts";
import type { DetectedFormat, FormatHints } from "../formats/format.ts";
import { contentHead } from "../formats/head.ts";
import { quoteName } from "../location-names.ts";
import { RecentMap } from "../recent-map.ts";
import type { LakeScope } from "../scope.ts";
import type { StoredObject, Stores } from "../stores/store.ts";
import { nameOf } from "./dataset.ts";
import { namingFile } from "./name-file.ts";
import { readStart } from "./read-start.ts";

/** Bytes of a file looked at to tell its format. */
const headBytes = 256 * 1024;
/** What the formats look at of a text. */
const firstLineBytes = 128 * 1024;
const rememberedFiles = 20_000;

/** Tells what files are by their first bytes, once per version of a file. */
export interface Sniffer {
  /** `localPath`: where the file's bytes are already, so that none are fetched. */
  sniff(
    object: StoredObject,
    hints: FormatHints,
    scope: LakeScope,
    localPath?: string,
  ): Promise<DetectedFormat>;
  /** Whether `sniff` needs no byte of the file. */
  isKnown(object: StoredObject, hints: FormatHints, scope: LakeScope): boolean;
}

/** Remembers the 20,000 files last asked for, each by its version, tenant and hints. */
export function createSniffer(stores: Stores): Sniffer {
  const known = new RecentMap<DetectedFormat>(rememberedFiles);
  return {
    isKnown: (object, hints, scope) => known.get(keyOf(object, hints, scope)) !== undefined,
    async sniff(object, hints, scope, localPath) {
      const key = keyOf(object, hints, scope);
      const before = known.get(key);
      if (before) return before;
      const head =
        localPath === undefined ? await readHead(stores, object, scope) : await readFileHead(localPath);
      const isWhole = head.length === object.sizeBytes;
      const found = await namingFile(object.uri, async () =>
        detectFormat(head, nameOf(object.location), { isWhole, hints }),
      );
      if (found.format === "csv") refuseEndlessLine(object, head);
      known.set(key, found);
      return found;
    },
  };
}

function keyOf(
  { location, etag, sizeBytes }: StoredObject,
  { format, separator, hasHeader, encoding }: FormatHints,
  { tenantId }: LakeScope,
): string {
  return JSON.stringify([tenantId, location, etag, sizeBytes, [format, separator, hasHeader, encoding]]);
}

/** Columns cannot be told from a part of the line that names them. */
function refuseEndlessLine({ uri, sizeBytes }: StoredObject, head: Buffer): void {
  const { bytes } = contentHead(head, head.length === sizeBytes);
  const looked = bytes.subarray(0, firstLineBytes);
  if (looked.includes("\n") || looked.includes("\r") || looked.length < firstLineBytes) return;
  throw new ToolError(
    "unsupported",
    `${quoteName(uri)} has a first line of more than ${firstLineBytes} bytes, and columns are told from it. If it is no CSV, say which format it has.`,
    { details: { firstLineBytes } },
  );
}

/** The first bytes of the very version. Throws `changed`. */
export function readHead(stores: Stores, object: StoredObject, scope: LakeScope): Promise<Buffer> {
  return readStart(stores, object, headBytes, scope.signal);
}

async function readFileHead(path: string): Promise<Buffer> {
  const file = await open(path);
  try {
    return await fill(file, Buffer.alloc(headBytes));
  } finally {
    await file.close();
  }
}

async function fill(file: FileHandle, head: Buffer): Promise<Buffer> {
  let filled = 0;
  for (;;) {
    const { bytesRead } = await file.read(head, filled, head.length - filled, filled);
    filled += bytesRead;
    if (bytesRead === 0 || filled === head.length) return head.subarray(0, filled);
  }
}
