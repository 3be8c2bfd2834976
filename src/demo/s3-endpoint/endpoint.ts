import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { BucketFolder } from "./bucket-files.ts";
import { type EndpointSettings, handle } from "./handle.ts";
import { awaitFirstByte, type LinkModel } from "./link-model.ts";
import { S3Error } from "./s3-error.ts";
import { element } from "./xml.ts";

export interface S3EndpointOptions {
  buckets: readonly BucketFolder[];
  region: string;
  /** On 127.0.0.1. Left out: a free one. */
  port?: number;
  link?: LinkModel;
}

export interface S3Endpoint {
  /** Such as `http://127.0.0.1:34567`. Buckets are the first step of the path. */
  url: string;
  /** Ends what is being sent, and gives the port back. */
  close(): Promise<void>;
}

/**
 * Serves folders as buckets over the S3 REST protocol, on loopback: read only, but for what a bucket says may be written.
 * Signatures are not checked: whoever runs on this machine may read what it serves, and write there. Source: Amazon S3
 * API reference.
 */
export async function startS3Endpoint(options: S3EndpointOptions): Promise<S3Endpoint> {
  const settings: EndpointSettings = {
    buckets: options.buckets,
    region: options.region,
    link: options.link ?? {},
  };
  const server = createServer((request, response) => void serve(settings, request, response));
  server.keepAliveTimeout = 60_000;
  server.listen(options.port ?? 0, "127.0.0.1");
  await once(server, "listening");
  return { url: `http://127.0.0.1:${portOf(server)}`, close: () => closeServer(server) };
}

async function serve(settings: EndpointSettings, request: IncomingMessage, response: ServerResponse) {
  const requestId = randomBytes(8).toString("hex").toUpperCase();
  response.setHeader("x-amz-request-id", requestId);
  response.setHeader("x-amz-id-2", randomBytes(24).toString("base64"));
  try {
    await awaitFirstByte(settings.link);
    if (!response.destroyed) await handle(settings, request, response);
  } catch (error) {
    // What is left of a body nobody reads.
    request.resume();
    if (response.headersSent) response.destroy();
    else sendError(response, request, error, requestId);
  }
}

function sendError(response: ServerResponse, request: IncomingMessage, error: unknown, requestId: string) {
  const fault =
    error instanceof S3Error
      ? error
      : new S3Error(500, "InternalError", "We encountered an internal error. Please try again.");
  const fields = { Code: fault.code, Message: fault.message, ...fault.fields, RequestId: requestId };
  const content = Object.entries(fields).map(([name, value]) => element(name, value));
  const xml = `<?xml version="1.0" encoding="UTF-8"?>\n<Error>${content.join("")}</Error>`;
  if (fault.status === 405) response.setHeader("allow", "GET, HEAD");
  if (request.method === "HEAD") response.writeHead(fault.status).end();
  else {
    response.writeHead(fault.status, {
      "content-type": "application/xml",
      "content-length": Buffer.byteLength(xml),
    });
    response.end(xml);
  }
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The S3 endpoint has no port.");
  return address.port;
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.close((error) => (error ? reject(error) : resolve()));
    server.closeAllConnections();
  });
}
