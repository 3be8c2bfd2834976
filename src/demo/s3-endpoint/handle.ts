import type { IncomingMessage, ServerResponse } from "node:http";
import { type BucketFolder, writableAt } from "./bucket-files.ts";
import { bucketLocation, findBucket, listBuckets } from "./buckets.ts";
import { getObject } from "./get-object.ts";
import type { LinkModel } from "./link-model.ts";
import { listObjects } from "./list-objects.ts";
import { refuseOthers } from "./parameters.ts";
import { parseRequest, type S3Request } from "./request.ts";
import { invalidArgument, S3Error } from "./s3-error.ts";
import { writeObject } from "./write-object.ts";
import { document } from "./xml.ts";

/** What an endpoint serves and how. */
export interface EndpointSettings {
  buckets: readonly BucketFolder[];
  region: string;
  link: LinkModel;
}

/** Answers one request. Throws `S3Error` as long as no header was sent. */
export async function handle(
  settings: EndpointSettings,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const asked = parseRequest(request.method ?? "", request.url ?? "");
  if (writeMethods.has(asked.method)) {
    const bucket = settings.buckets.find(({ name }) => name === asked.bucket);
    const written = bucket && writableAt(bucket, asked.key);
    if (written) return writeObject({ asked, request, written }, response);
  }
  if (asked.method !== "GET" && asked.method !== "HEAD") throw methodNotAllowed(asked.method);
  request.resume();
  if (asked.key !== "") {
    refuseOthers(asked.query, objectParameters);
    checkVersion(asked.query);
    return getObject(findBucket(settings.buckets, asked.bucket), asked, request, response, settings.link);
  }
  const xml = await answer(settings, asked);
  response.setHeader("x-amz-bucket-region", settings.region);
  response.writeHead(200, { "content-type": "application/xml", "content-length": Buffer.byteLength(xml) });
  response.end(asked.method === "HEAD" ? undefined : xml);
}

async function answer({ buckets, region }: EndpointSettings, asked: S3Request): Promise<string> {
  if (asked.bucket === "") {
    if (asked.method === "HEAD") throw methodNotAllowed(asked.method);
    return listBuckets(buckets, region, asked.query);
  }
  const bucket = findBucket(buckets, asked.bucket);
  if (asked.method === "HEAD") return "";
  if (asked.query.has("location")) return bucketLocation(region);
  if (asked.query.has("versioning")) return document("VersioningConfiguration", "");
  refuseOthers(asked.query, listParameters);
  return listObjects(bucket, asked.query);
}

const listParameters: ReadonlySet<string> = new Set([
  "list-type",
  "prefix",
  "delimiter",
  "max-keys",
  "continuation-token",
  "start-after",
  "marker",
  "encoding-type",
  "fetch-owner",
]);
const objectParameters: ReadonlySet<string> = new Set(["versionId", "response-content-disposition"]);
const writeMethods: ReadonlySet<string> = new Set(["PUT", "POST", "DELETE"]);

/** Buckets here have no versioning: the one version there is has the id "null". */
function checkVersion(query: URLSearchParams): void {
  const version = query.get("versionId");
  if (version === null || version === "null") return;
  throw invalidArgument("versionId", version, "Invalid version id specified");
}

function methodNotAllowed(method: string): S3Error {
  return new S3Error(405, "MethodNotAllowed", "The specified method is not allowed against this resource.", {
    Method: method,
    ResourceType: "OBJECT",
  });
}
