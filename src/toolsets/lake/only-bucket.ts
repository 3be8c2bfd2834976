import { ToolError } from "../../core/errors.ts";
import type { CallContext } from "../../core/tool.ts";

/**
 * The uri of a name. A bare key, as older servers took it, is a key of the only bucket there is. Throws
 * `invalid_input` where there are several or none.
 */
export async function withOnlyBucket(name: string, { lake, signal }: CallContext): Promise<string> {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(name) || name.startsWith("/")) return name;
  const buckets = (await lake.stores.places(signal)).filter(({ kind }) => kind === "s3");
  const [only] = buckets;
  if (only && buckets.length === 1) return `s3://${only.name}/${name}`;
  throw new ToolError(
    "invalid_input",
    `"${name}" names no bucket, and ${buckets.length} may be read. Give s3://bucket/${name}.`,
  );
}
