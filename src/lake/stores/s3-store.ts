import { ToolError } from "../../core/errors.ts";
import type { Boundaries } from "../boundaries.ts";
import type { Location } from "../location.ts";
import { formatLocation, quoteName } from "../location-names.ts";
import { KnownPages } from "./known-pages.ts";
import { headS3Object, type S3Location } from "./s3-head.ts";
import { listS3Objects } from "./s3-list.ts";
import { readS3Object } from "./s3-read.ts";
import type { S3Sender } from "./s3-send.ts";
import type { Store } from "./store.ts";

/** Objects of the allowed buckets. Nothing is sent for a name outside the boundaries. */
export function createS3Store(boundaries: Boundaries, sender: S3Sender): Store {
  const lister = { sender, boundaries, knownPages: new KnownPages() };
  const readable = (location: Location): S3Location => {
    const { kind, bucket, key } = s3(location);
    boundaries.checkReadable(location);
    if (key !== "") return { kind, bucket, key };
    throw new ToolError(
      "invalid_input",
      `${quoteName(formatLocation(location))} names a bucket. Name an object in it: s3://bucket/key.`,
    );
  };
  return {
    list: async (request, signal) =>
      listS3Objects(lister, { ...request, location: s3(request.location) }, signal),
    head: async (location, signal) => headS3Object(sender, readable(location), signal),
    read: async (request, signal) =>
      readS3Object(sender, { ...request, location: readable(request.location) }, signal),
  };
}

function s3(location: Location): S3Location {
  if (location.kind !== "s3") throw new TypeError("The S3 store was asked for a local path.");
  return location;
}
