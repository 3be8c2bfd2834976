import type { OutgoingHttpHeaders } from "node:http";

const typesByExtension: Readonly<Record<string, string>> = {
  csv: "text/csv",
  gz: "application/gzip",
  json: "application/json",
  log: "text/plain",
  ndjson: "application/x-ndjson",
  parquet: "application/vnd.apache.parquet",
  tsv: "text/tab-separated-values",
  txt: "text/plain",
};

/** Content type by the key's extension; encryption as every bucket has had it by default since 2023. */
export function contentHeaders(key: string): OutgoingHttpHeaders {
  const extension = key.slice(key.lastIndexOf(".") + 1).toLowerCase();
  return {
    "content-type": typesByExtension[extension] ?? "binary/octet-stream",
    "x-amz-server-side-encryption": "AES256",
  };
}
