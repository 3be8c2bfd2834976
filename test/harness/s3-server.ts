import { request as httpRequest } from "node:http";
import type { AddressInfo } from "node:net";
import { buildApp } from "fauxqs";
import { signedMs } from "./other-clock.ts";

/** One request the server saw, as it came over the wire. */
export interface SeenRequest {
  method: string;
  /** Raw path and query. */
  url: string;
  headers: Record<string, string | string[] | undefined>;
}

/** A real S3 server on loopback, in memory, gone after `stop`. Any credentials are accepted. */
export interface S3Server {
  /** Such as `http://127.0.0.1:40123`. Use path-style addressing. */
  endpoint: string;
  /** Every request since the start, or since it was emptied by the test. */
  requests: SeenRequest[];
  /** Bytes of the bodies it has sent in answer to GET since the start. */
  sentBytes(): number;
  createBucket(bucket: string): Promise<void>;
  /** Puts `body` under exactly `key`; over 10 MiB in parts, as S3 clients do. Answers with the ETag. */
  put(
    bucket: string,
    key: string,
    body: Uint8Array | string,
    headers?: Record<string, string>,
  ): Promise<string>;
  remove(bucket: string, key: string): Promise<void>;
  stop(): Promise<void>;
}

const partBytes = 10 * 1024 * 1024;

/** Starts the server. Credentials for its clients: {@link s3Credentials}. */
export async function startS3Server(buckets: readonly string[] = []): Promise<S3Server> {
  const app = buildApp({ logger: false });
  const requests: SeenRequest[] = [];
  app.addHook("onRequest", (request, _reply, done) => {
    if (request.raw.headers[ownHeader] !== undefined) return done();
    requests.push({ method: request.method, url: request.raw.url ?? "", headers: request.raw.headers });
    done();
  });
  refuseOverwriting(app);
  refuseExpired(app);
  let sentBytes = 0;
  app.addHook("onSend", (request, reply, payload, done) => {
    const length = reply.getHeader("content-length") ?? (typeof payload === "string" ? payload.length : 0);
    if (request.method === "GET") sentBytes += Number(length);
    done();
  });
  await app.listen({ host: "127.0.0.1", port: 0 });
  const { port } = app.server.address() as AddressInfo;
  const send = (method: string, path: string, body?: Uint8Array | string, headers?: Record<string, string>) =>
    sendRaw(port, method, path, body, headers);
  const server: S3Server = {
    endpoint: `http://127.0.0.1:${port}`,
    requests,
    sentBytes: () => sentBytes,
    createBucket: async (bucket) => void (await send("PUT", `/${bucket}`)),
    put: (bucket, key, body, headers) =>
      put(send, objectPath(bucket, key), Buffer.from(body as string), headers),
    remove: async (bucket, key) => void (await send("DELETE", objectPath(bucket, key))),
    stop: () => app.close(),
  };
  for (const bucket of buckets) await server.createBucket(bucket);
  requests.length = 0;
  return server;
}

/** Of requests the harness makes to the server itself, which no test is to see. */
const ownHeader = "x-harness";

/**
 * `If-None-Match: *` on a write, which the server behind does not know. Source: S3 "How to prevent object overwrites with
 * conditional writes".
 */
function refuseOverwriting(app: ReturnType<typeof buildApp>): void {
  app.addHook("onRequest", async (request, reply) => {
    const { method, url, headers } = request.raw;
    const [path = "", query = ""] = (url ?? "").split("?");
    const isPut = method === "PUT" && !query.includes("partNumber=");
    const isCompletion = method === "POST" && query.includes("uploadId=");
    if (headers["if-none-match"] !== "*" || !(isPut || isCompletion)) return;
    const own = { host: headers.host ?? "", [ownHeader]: "1" };
    const { statusCode } = await app.inject({ method: "HEAD", url: path, headers: own });
    if (statusCode !== 200) return;
    const error =
      "<Error><Code>PreconditionFailed</Code><Message>A condition did not hold.</Message></Error>";
    await reply.code(412).type("application/xml").send(`<?xml version="1.0"?>${error}`);
  });
}

/** Signed links whose time is over, which the server behind does not look at. Source: S3 "Authenticating Requests: Using Query Parameters". */
function refuseExpired(app: ReturnType<typeof buildApp>): void {
  app.addHook("onRequest", async (request, reply) => {
    const query = new URLSearchParams((request.raw.url ?? "").split("?")[1]);
    const date = query.get("X-Amz-Date");
    if (date === null) return;
    if (Date.now() <= signedMs(date) + 1_000 * Number(query.get("X-Amz-Expires"))) return;
    const error = "<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>";
    await reply.code(403).type("application/xml").send(`<?xml version="1.0"?>${error}`);
  });
}

/** What the server takes for credentials. */
export const s3Credentials = { accessKeyId: "AKIATEST", secretAccessKey: "test" };

type Send = (
  method: string,
  path: string,
  body?: Uint8Array | string,
  headers?: Record<string, string>,
) => Promise<{ etag: string; text: string }>;

async function put(
  send: Send,
  path: string,
  body: Buffer,
  headers?: Record<string, string>,
): Promise<string> {
  if (body.length <= partBytes) return (await send("PUT", path, body, headers)).etag;
  const started = await send("POST", `${path}?uploads`, "", headers);
  const uploadId = /<UploadId>([^<]+)</.exec(started.text)?.[1] ?? "";
  const parts: string[] = [];
  for (let start = 0, number = 1; start < body.length; start += partBytes, number++) {
    const part = body.subarray(start, start + partBytes);
    const { etag } = await send("PUT", `${path}?partNumber=${number}&uploadId=${uploadId}`, part);
    parts.push(`<Part><PartNumber>${number}</PartNumber><ETag>${etag}</ETag></Part>`);
  }
  const xml = `<CompleteMultipartUpload>${parts.join("")}</CompleteMultipartUpload>`;
  const { text } = await send("POST", `${path}?uploadId=${uploadId}`, xml);
  return (/<ETag>([^<]+)</.exec(text)?.[1] ?? "").replaceAll("&quot;", '"');
}

/** URL parsers fold `..` away, encoded or not, so the path goes to the socket as it is. */
function sendRaw(port: number, method: string, path: string, body: Uint8Array | string = "", headers = {}) {
  return new Promise<{ etag: string; text: string }>((resolve, reject) => {
    const payload = Buffer.from(body as string);
    const request = httpRequest(
      {
        host: "127.0.0.1",
        port,
        method,
        path,
        headers: { "content-type": "application/octet-stream", ...headers, "content-length": payload.length },
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("end", () => {
          const text = Buffer.concat(chunks).toString();
          const status = response.statusCode ?? 0;
          if (status >= 300) reject(new Error(`${method} ${path} answered ${status}: ${text}`));
          else resolve({ etag: response.headers.etag ?? "", text });
        });
        response.on("error", reject);
      },
    );
    request.on("error", reject);
    request.end(payload);
  });
}

function objectPath(bucket: string, key: string): string {
  const encoded = [...Buffer.from(key)].map((byte) =>
    byte === 0x2f || /[A-Za-z0-9_~-]/.test(String.fromCharCode(byte))
      ? String.fromCharCode(byte)
      : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`,
  );
  return `/${bucket}/${encoded.join("")}`;
}
