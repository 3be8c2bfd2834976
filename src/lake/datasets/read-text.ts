import { ToolError } from "../../core/errors.ts";
import { utf8Chunks } from "../formats/source.ts";
import type { TextContent } from "../lake.ts";
import type { Location } from "../location.ts";
import { quoteName } from "../location-names.ts";
import type { LakeScope } from "../scope.ts";
import type { Stores } from "../stores/store.ts";
import type { LakeParts } from "./with-tables.ts";

/** The text of one object, up to `summarize.maxInputBytes`. Throws `unsupported` for Parquet, `invalid_input` for a folder. */
export async function readText(parts: LakeParts, uri: string, scope: LakeScope): Promise<TextContent> {
  const { stores, sniffer, settings } = parts;
  const location = stores.resolve(uri);
  if (uri.endsWith("/")) throw await folderFault(stores, uri, location, scope);
  const object = await stores.head(location, scope.signal);
  const { format, compression, encoding = "utf-8" } = await sniffer.sniff(object, {}, scope);
  if (format === "parquet") {
    throw new ToolError(
      "unsupported",
      `${quoteName(uri)} is a Parquet file, not text. Call lake_profile_dataset.`,
    );
  }
  const { body } = await stores.read({ location: object.location, ifMatch: object.etag }, scope.signal);
  const { maxInputBytes } = settings.summarize;
  const { maxDecompressedBytes } = settings;
  const source = { compression, encoding, maxDecompressedBytes, signal: scope.signal };
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of utf8Chunks(body, source, { hadByteOrderMark: false })) {
    chunks.push(Buffer.from(chunk));
    sizeBytes += chunk.length;
    if (sizeBytes > maxInputBytes) break;
  }
  const truncated = sizeBytes > maxInputBytes;
  const text = wholeCharacters(Buffer.concat(chunks).subarray(0, maxInputBytes));
  return { text, encoding, compression, truncated, object };
}

/** Why a folder's text cannot be read, with an object of it that can. Throws what listing it throws. */
async function folderFault(
  stores: Stores,
  uri: string,
  location: Location,
  { signal }: LakeScope,
): Promise<ToolError> {
  const { objects } = await stores.list({ location, maxKeys: 10 }, signal);
  const inside = objects.find((object) => object.sizeBytes > 0 && !object.uri.endsWith("/"));
  if (!inside) return new ToolError("not_found", `There is no text in the folder ${quoteName(uri)}.`);
  return new ToolError(
    "invalid_input",
    `${quoteName(uri)} is a folder: name one object in it, such as ${quoteName(inside.uri)}. lake_list_objects lists them.`,
  );
}

/** UTF-8 without the character its end cuts through. */
function wholeCharacters(bytes: Buffer): string {
  return new TextDecoder("utf-8").decode(bytes, { stream: true });
}
