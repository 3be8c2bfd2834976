import { ToolError } from "../../core/errors.ts";
import { quoteName } from "../location-names.ts";

/** Quoted, whether the server quotes it or not. Throws `unsupported` where there is none. */
export function etagOfAnswer(etag: string | undefined, uri: string): string {
  if (etag !== undefined && etag !== "") return etag.endsWith('"') ? etag : `"${etag}"`;
  throw new ToolError(
    "unsupported",
    `The S3 server gave no ETag for ${quoteName(uri)}, without which a change goes unseen.`,
  );
}
