import type { IncomingMessage, ServerResponse } from "node:http";
import { refuseOthers } from "./parameters.ts";
import { readBody } from "./read-body.ts";
import type { S3Request } from "./request.ts";
import { invalidArgument, S3Error } from "./s3-error.ts";
import type { ObjectHeaders, WrittenObjects } from "./written-objects.ts";
import { document, element } from "./xml.ts";

/** A request that writes. Those of one upload name it by `uploadId`. */
interface Write {
  asked: S3Request;
  request: IncomingMessage;
  written: WrittenObjects;
}

interface Answer {
  status: number;
  etag?: string;
  xml?: string;
}

/**
 * Answers PutObject, DeleteObject, CreateMultipartUpload, UploadPart, CompleteMultipartUpload and AbortMultipartUpload.
 * Amazon S3 API reference.
 */
export async function writeObject(write: Write, response: ServerResponse): Promise<void> {
  const { status, etag, xml } = await carryOut(write);
  if (etag !== undefined) response.setHeader("etag", etag);
  if (xml !== undefined) response.setHeader("content-type", "application/xml");
  response.writeHead(status, { "content-length": Buffer.byteLength(xml ?? "") }).end(xml);
}

async function carryOut(write: Write): Promise<Answer> {
  const { asked, request, written } = write;
  const { method, key, query } = asked;
  refuseOthers(query, parameters);
  if (request.headers["x-amz-copy-source"] !== undefined) {
    throw new S3Error(501, "NotImplemented", "Objects are not copied here.", { Header: "x-amz-copy-source" });
  }
  const id = query.get("uploadId");
  if (method === "PUT") return { status: 200, etag: await (id === null ? put(write) : putPart(write, id)) };
  if (method === "POST" && query.has("uploads")) {
    request.resume();
    return { status: 200, xml: begun(asked, written.begin(key, headersOf(request))) };
  }
  if (method === "POST" && id !== null) return { status: 200, xml: await complete(write, id) };
  request.resume();
  if (method === "POST") throw new S3Error(501, "NotImplemented", "Forms are not taken here.");
  if (id === null) written.delete(key);
  else written.abort(key, id);
  return { status: 204 };
}

const parameters: ReadonlySet<string> = new Set(["partNumber", "uploadId", "uploads"]);

async function put({ asked: { key }, request, written }: Write): Promise<string> {
  const write = { key, headers: headersOf(request), isNew: isForNew(request) };
  // Before room is made for it.
  written.checkNew(write);
  return keep(written, request, (bytes) => written.put(write, bytes));
}

async function putPart({ asked: { key, query }, request, written }: Write, id: string): Promise<string> {
  const number = query.get("partNumber") ?? "";
  if (!/^[1-9]\d{0,4}$/.test(number) || Number(number) > 10_000) {
    throw invalidArgument("partNumber", number, "Part number must be an integer between 1 and 10000");
  }
  written.checkUpload(key, id);
  return keep(written, request, (bytes) => written.putPart({ key, id, number: Number(number) }, bytes));
}

/** Reads a body into room for it, which is given back where it becomes part of nothing. */
async function keep(
  written: WrittenObjects,
  request: IncomingMessage,
  use: (bytes: Buffer) => string,
): Promise<string> {
  let taken: Buffer | undefined;
  const take = (sizeBytes: number) => {
    taken = written.take(sizeBytes);
    return taken;
  };
  try {
    return use(await readBody(request, take));
  } catch (thrown) {
    if (taken) written.giveBack(taken);
    throw thrown;
  }
}

const maxListBytes = 1 << 20;

async function complete({ asked, request, written }: Write, id: string): Promise<string> {
  const body = await readBody(request, (sizeBytes) => {
    if (sizeBytes > maxListBytes) throw malformedXml();
    return Buffer.allocUnsafe(sizeBytes);
  });
  const { bucket, key } = asked;
  const etag = written.complete({ key, id, isNew: isForNew(request) }, partsIn(body.toString()));
  const content = [element("Bucket", bucket), element("Key", key), element("ETag", etag)];
  return document("CompleteMultipartUploadResult", content.join(""));
}

function partsIn(xml: string): { number: number; etag: string }[] {
  const parts = xml.split("<Part>").slice(1);
  if (parts.length === 0) throw malformedXml();
  return parts.map((part) => {
    const number = /<PartNumber>(\d{1,5})<\/PartNumber>/.exec(part)?.[1];
    const etag = /<ETag>(?:"|&quot;|&#34;)?([0-9a-f]{32})/.exec(part)?.[1];
    if (number === undefined || etag === undefined) throw malformedXml();
    return { number: Number(number), etag };
  });
}

function begun({ bucket, key }: S3Request, id: string): string {
  const content = [element("Bucket", bucket), element("Key", key), element("UploadId", id)];
  return document("InitiateMultipartUploadResult", content.join(""));
}

const keptHeaders = /^(?:content-type|content-disposition|content-language|cache-control|x-amz-meta-.+)$/;

function headersOf({ headers }: IncomingMessage): ObjectHeaders {
  const kept = Object.entries(headers).filter(
    ([name, value]) => keptHeaders.test(name) && value !== undefined,
  );
  return Object.fromEntries(kept.map(([name, value]) => [name, String(value)]));
}

/** Any other value is not taken, as S3 has it. */
function isForNew({ headers }: IncomingMessage): boolean {
  const { "if-none-match": condition, "if-match": other } = headers;
  if (other === undefined && (condition === undefined || condition === "*")) return condition === "*";
  const name = other === undefined ? "If-None-Match" : "If-Match";
  throw new S3Error(501, "NotImplemented", "Of conditions for writes, If-None-Match: * is served here.", {
    Header: name,
  });
}

function malformedXml(): S3Error {
  return new S3Error(
    400,
    "MalformedXML",
    "The XML you provided was not well-formed or did not validate against our published schema",
  );
}
