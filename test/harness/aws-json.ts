import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { JsonCodec } from "@aws-sdk/core/protocols";

/** A fault as AWS answers it: `{__type, message}` with a status. */
export class AwsFault extends Error {
  readonly code: string;
  readonly status: number;
  constructor(code: string, message: string, status = 400) {
    super(message);
    this.code = code;
    this.status = status;
  }
}

export interface AwsRequest {
  /** Such as `StartQueryExecution`. */
  operation: string;
  // biome-ignore lint/suspicious/noExplicitAny: each operation has its own input
  input: any;
}

/** What to do about a request in place of, or after, answering it. */
export type AwsDisturbance = AwsFault | "lose the answer" | "hang" | undefined;

export interface AwsJsonServer {
  endpoint: string;
  requests: AwsRequest[];
  stop(): Promise<void>;
}

export interface AwsJsonOptions {
  /** By the prefix of `X-Amz-Target`: the SDK's client package, whose schemas are the wire format. */
  services: Record<string, Record<string, unknown>>;
  // biome-ignore lint/suspicious/noExplicitAny: each operation has its own output
  handle(request: AwsRequest): Promise<any>;
  disturb(request: AwsRequest): AwsDisturbance;
}

/** Speaks awsJson1.1 on loopback as the SDK's schemas have it: members that they do not name are refused both ways. */
export async function startAwsJsonServer(options: AwsJsonOptions): Promise<AwsJsonServer> {
  const requests: AwsRequest[] = [];
  const server = createServer((request, response) => {
    answer(options, requests, request, response).catch((thrown) => {
      const fault =
        thrown instanceof AwsFault ? thrown : new AwsFault("InternalServerException", String(thrown), 500);
      response.writeHead(fault.status, { "content-type": "application/x-amz-json-1.1" });
      response.end(JSON.stringify({ __type: fault.code, message: fault.message }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(
  { services, handle, disturb }: AwsJsonOptions,
  requests: AwsRequest[],
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const [target = "", operation = ""] = String(request.headers["x-amz-target"] ?? "").split(".");
  const schema = services[target]?.[`${operation}$`];
  if (!Array.isArray(schema)) throw new AwsFault("UnknownOperationException", `${target}.${operation}`);
  const [inputSchema, outputSchema] = [schemaOf(schema[4]), schemaOf(schema[5])];
  const body = Buffer.concat(chunks).toString() || "{}";
  checkMembers(inputSchema, JSON.parse(body), operation);
  const input = await codec().createDeserializer().read(inputSchema, body);
  const asked: AwsRequest = { operation, input };
  requests.push(asked);
  const disturbance = disturb(asked);
  if (disturbance instanceof AwsFault) throw disturbance;
  if (disturbance === "hang") return;
  const output = (await handle(asked)) ?? {};
  if (disturbance === "lose the answer") {
    request.socket.destroy();
    return;
  }
  checkMembers(outputSchema, output, `the answer of ${operation}`);
  const written = writeAnswer(outputSchema, output);
  response.writeHead(200, { "content-type": "application/x-amz-json-1.1", "x-amzn-requestid": "test" });
  response.end(written);
}

/** An operation without an answer has the schema "unit". */
function writeAnswer(schema: unknown, output: unknown) {
  if (!Array.isArray(schema)) return "{}";
  const serializer = codec().createSerializer();
  // biome-ignore lint/suspicious/noExplicitAny: the SDK's schemas are nested tuples
  serializer.write(schema as any, output);
  return serializer.flush();
}

// biome-ignore lint/suspicious/noExplicitAny: the SDK's schemas are nested tuples
function schemaOf(schema: any): any {
  return typeof schema === "function" ? schema() : schema;
}

function codec() {
  return new JsonCodec({ timestampFormat: { useTrait: true, default: 7 }, jsonName: false });
}

const [listKind, mapKind, structKind] = [1, 2, 3];

/** A structure's schema is `[3, namespace, name, traits, memberNames, memberSchemas]`; a list's `[1, …, member]`. */
// biome-ignore lint/suspicious/noExplicitAny: the SDK's schemas are nested tuples
function checkMembers(given: any, value: any, path: string): void {
  const found = schemaOf(given);
  const schema = Array.isArray(found) && Array.isArray(schemaOf(found[0])) ? schemaOf(found[0]) : found;
  if (value === null || value === undefined || !Array.isArray(schema)) return;
  if (schema[0] === structKind) {
    for (const name of Object.keys(value)) {
      const at = schema[4].indexOf(name);
      if (at < 0) throw new AwsFault("SerializationException", `${path} has no member ${name}`);
      checkMembers(schema[5][at], value[name], `${path}.${name}`);
    }
  } else if (schema[0] === listKind) {
    if (!Array.isArray(value)) throw new AwsFault("SerializationException", `${path} is no list`);
    for (const item of value) checkMembers(schema[4], item, `${path}[]`);
  } else if (schema[0] === mapKind && typeof value !== "object") {
    throw new AwsFault("SerializationException", `${path} is no map`);
  }
}
