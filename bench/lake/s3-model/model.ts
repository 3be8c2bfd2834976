import { closeSync, openSync, readSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { checkConditions } from "../../../src/demo/s3-endpoint/conditions.ts";
import { parseRange } from "../../../src/demo/s3-endpoint/range.ts";
import { noSuchKey, S3Error } from "../../../src/demo/s3-endpoint/s3-error.ts";
import { element } from "../../../src/demo/s3-endpoint/xml.ts";
import { createLink, type Link, type Pace } from "./link.ts";
import { listObjects } from "./list.ts";
import { indexFiles, type ServedFile, takeOf } from "./served-files.ts";

/** What was asked and sent since the counts were last taken. */
export interface Traffic {
  requests: number;
  gets: number;
  heads: number;
  lists: number;
  /** Of bodies of objects, as far as they were written. */
  bytes: number;
}

export interface S3Model {
  server: Server;
  /** What was asked of the objects of a take so far; counting begins anew. */
  takeTraffic(take: string): Traffic;
}

const chunkBytes = 256 * 1024;
/** Buffers that were sent: on some machines the first touch of new ones takes longer than all else that is done here. */
const sent: Buffer[] = [];

/**
 * A store that speaks S3's GetObject, HeadObject and ListObjectsV2 behind a modelled link, and counts. It reads from
 * the page cache and hashes nothing: two cores are shared with what is measured.
 */
export function createS3Model(folder: string, bucket: string, link: Link): S3Model {
  const files = indexFiles(folder);
  const wire = createLink(link);
  const counted = new Map<string, Traffic>();
  const trafficOf = (key: string) => {
    const take = takeOf(key);
    const traffic = counted.get(take) ?? { requests: 0, gets: 0, heads: 0, lists: 0, bytes: 0 };
    counted.set(take, traffic);
    return traffic;
  };
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    await sleep(link.firstByteMs);
    const url = new URL(request.url ?? "/", "http://model");
    const [, name = "", ...steps] = url.pathname.split("/");
    const key = decodeURIComponent(steps.join("/"));
    if (decodeURIComponent(name) !== bucket) throw new S3Error(404, "NoSuchBucket", "No such bucket.");
    const traffic = trafficOf(key === "" ? (url.searchParams.get("prefix") ?? "") : key);
    traffic.requests++;
    if (key === "") {
      traffic.lists++;
      sendText(response, 200, request.method === "HEAD" ? "" : bucketText(url.searchParams));
      return;
    }
    const file = files.find(key);
    if (!file) throw noSuchKey(key);
    if (request.method === "HEAD") traffic.heads++;
    else traffic.gets++;
    await sendObject(file, request, response, wire.open(), (bytes) => {
      traffic.bytes += bytes;
    });
  };
  const bucketText = (query: URLSearchParams) =>
    query.has("location") ? location : listObjects(files, bucket, query);
  const server = createServer((request, response) => {
    request.resume();
    answer(request, response).catch((thrown: unknown) => sendError(response, thrown));
  });
  server.keepAliveTimeout = 60_000;
  return {
    server,
    takeTraffic(take) {
      const traffic = trafficOf(`${take}/`);
      counted.delete(take);
      return traffic;
    },
  };
}

const location = `<LocationConstraint xmlns="http://s3.amazonaws.com/doc/2006-03-01/">eu-central-1</LocationConstraint>`;

async function sendObject(
  file: ServedFile,
  request: IncomingMessage,
  response: ServerResponse,
  pace: Pace,
  count: (bytes: number) => void,
): Promise<void> {
  const head = {
    etag: file.etag,
    "last-modified": file.lastModified.toUTCString(),
    "accept-ranges": "bytes",
    "content-type": "application/octet-stream",
  };
  if (checkConditions(request.headers, file) === 304) {
    response.writeHead(304, head).end();
    return;
  }
  const range = parseRange(request.headers.range, file.sizeBytes);
  const start = range?.first ?? 0;
  const end = range ? range.last + 1 : file.sizeBytes;
  response.writeHead(range ? 206 : 200, {
    ...head,
    "content-length": end - start,
    ...(range ? { "content-range": `bytes ${start}-${end - 1}/${file.sizeBytes}` } : {}),
  });
  if (request.method !== "HEAD") await sendBytes(file, { start, end }, response, pace, count);
  response.end();
}

async function sendBytes(
  file: ServedFile,
  { start, end }: { start: number; end: number },
  response: ServerResponse,
  pace: Pace,
  count: (bytes: number) => void,
): Promise<void> {
  const descriptor = openSync(file.path, "r");
  try {
    for (let position = start; position < end && !response.destroyed; ) {
      const chunk = sent.pop() ?? Buffer.allocUnsafeSlow(chunkBytes);
      const bytesRead = readSync(descriptor, chunk, 0, Math.min(chunkBytes, end - position), position);
      if (bytesRead === 0) throw new Error(`${file.path} became shorter while it was served.`);
      await pace(bytesRead);
      position += bytesRead;
      count(bytesRead);
      const isFull = !response.write(chunk.subarray(0, bytesRead), () => sent.push(chunk));
      if (isFull) await drained(response);
    }
  } finally {
    closeSync(descriptor);
  }
}

function drained(response: ServerResponse): Promise<void> {
  if (response.destroyed) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      response.off("drain", done);
      response.off("close", done);
      resolve();
    };
    response.once("drain", done);
    response.once("close", done);
  });
}

function sendError(response: ServerResponse, thrown: unknown): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const fault =
    thrown instanceof S3Error
      ? thrown
      : new S3Error(500, "InternalError", thrown instanceof Error ? thrown.message : String(thrown));
  sendText(
    response,
    fault.status,
    `<?xml version="1.0" encoding="UTF-8"?>\n<Error>${element("Code", fault.code)}${element("Message", fault.message)}</Error>`,
  );
}

function sendText(response: ServerResponse, status: number, xml: string): void {
  response.writeHead(status, {
    "content-type": "application/xml",
    "content-length": Buffer.byteLength(xml),
    "x-amz-bucket-region": "eu-central-1",
  });
  response.end(response.req.method === "HEAD" ? undefined : xml);
}
