import type { LakeScope } from "../scope.ts";
import type { StoredObject, Stores } from "../stores/store.ts";
import { type Action, damagedLog, parseAction } from "./actions.ts";

/** Actions with statistics of thousands of columns stay below. */
const maxLineBytes = 32 << 20;
const lineFeed = 10;

/** The actions of a file of the log, one after another. Throws `invalid_input` for a torn one, `changed`. */
export async function* readActions(
  stores: Stores,
  object: StoredObject,
  { signal }: LakeScope,
): AsyncGenerator<Action> {
  for await (const line of linesOf(stores, object, signal)) yield parseAction(line, object.uri);
}

/** The lines of an object that are not blank, as text. */
export async function* linesOf(
  stores: Stores,
  { location, etag, uri }: StoredObject,
  signal: AbortSignal,
): AsyncGenerator<string> {
  const { body } = await stores.read({ location, ifMatch: etag }, signal);
  let pieces: Uint8Array[] = [];
  let pieceBytes = 0;
  const take = (last: Uint8Array): string => {
    const line = Buffer.concat([...pieces, last]);
    pieces = [];
    pieceBytes = 0;
    return decode(line, uri);
  };
  for await (const chunk of body) {
    let start = 0;
    for (let end = chunk.indexOf(lineFeed); end >= 0; end = chunk.indexOf(lineFeed, start)) {
      const line = take(chunk.subarray(start, end));
      start = end + 1;
      if (line.trim() !== "") yield line;
    }
    if (start < chunk.length) pieces.push(Buffer.from(chunk.subarray(start)));
    pieceBytes += chunk.length - start;
    if (pieceBytes > maxLineBytes) throw damagedLog(uri, `a line of it is longer than ${maxLineBytes} bytes`);
  }
  const rest = take(new Uint8Array());
  if (rest.trim() !== "") yield rest;
}

function decode(bytes: Uint8Array, uri: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw damagedLog(uri, "it is not UTF-8", cause);
  }
}
