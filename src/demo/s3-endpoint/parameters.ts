import { S3Error } from "./s3-error.ts";

/** Other parameters name other operations (`?acl`, `?tagging`): none of them may be taken for one that is served. */
export function refuseOthers(query: URLSearchParams, known: ReadonlySet<string>): void {
  for (const name of query.keys()) {
    if (known.has(name) || name === "x-id" || /^x-amz-/i.test(name)) continue;
    throw new S3Error(501, "NotImplemented", `A request with "${name}" is not served here.`, {
      Header: name,
    });
  }
}
