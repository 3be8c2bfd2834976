import { type IncomingMessage, type OutgoingHttpHeaders, request } from "node:http";
import { type RequestOptions, request as secureRequest } from "node:https";
import { text } from "node:stream/consumers";
import { modernRequest } from "./rpc.ts";

/** PEM as an Application Load Balancer writes it: URL-encoded, but for `+`, `=` and `/`. */
export function albEncoded(pem: string): string {
  return encodeURIComponent(pem).replaceAll("%2B", "+").replaceAll("%3D", "=").replaceAll("%2F", "/");
}

/** DER of a certificate in PEM. */
export function derOf(pem: string): Buffer {
  return Buffer.from(pem.replaceAll(/-----[A-Z0-9 ]+-----|\s/g, ""), "base64");
}

/** A certificate in PEM as a byte sequence of structured fields. */
export function byteSequence(pem: string): string {
  return `:${derOf(pem).toString("base64")}:`;
}

export interface WhoamiAnswer {
  status: number | undefined;
  headers: IncomingMessage["headers"];
  /** The whole answer. */
  body: string;
  output: unknown;
}

interface Way extends Pick<RequestOptions, "ca" | "cert" | "key"> {
  /** Address the client's connection comes from. Default: 127.0.0.1. */
  from?: string;
  headers?: OutgoingHttpHeaders;
}

/** Asks a server who one is, on a connection of its own. */
export function askWhoami(
  url: string,
  { from = "127.0.0.1", headers = {}, ...tls }: Way,
): Promise<WhoamiAnswer> {
  const { body, headers: own } = modernRequest("tools/call", { name: "echo_whoami", arguments: {} });
  const accept = "application/json, text/event-stream";
  return new Promise((resolve, reject) => {
    const options: RequestOptions = {
      ...tls,
      method: "POST",
      agent: false,
      localAddress: from,
      headers: { "content-type": "application/json", accept, ...own, ...headers },
    };
    const answered = async (incoming: IncomingMessage) => {
      const whole = await text(incoming);
      const [, data = "{}"] = /^(?:data: )?(\{.*\})$/m.exec(whole) ?? [];
      const output = JSON.parse(data).result?.structuredContent;
      resolve({ status: incoming.statusCode, headers: incoming.headers, body: whole, output });
    };
    const at = `${url}/mcp`;
    const sending = url.startsWith("https")
      ? secureRequest(at, options, answered)
      : request(at, options, answered);
    sending.on("error", reject);
    sending.end(JSON.stringify(body));
  });
}
