import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import { createServer as createTlsServer, Server as TlsServer } from "node:https";
import { getRequestListener } from "@hono/node-server";
import type { CallPath } from "../../core/call.ts";
import type { McpFront } from "../../mcp/front.ts";
import { createApp } from "./app.ts";
import { trackCertifiedConnections } from "./certified-connections.ts";
import type { OAuthResource } from "./challenge.ts";
import { ClientCertificates } from "./client-certificate.ts";
import type { DependencyReaders } from "./dependency-readers.ts";
import { createGuard } from "./guard.ts";
import type { Dependency } from "./health.ts";
import { createInFlight } from "./in-flight.ts";
import { createLeanMcp } from "./lean.ts";
import type { ReadableMetrics } from "./metrics.ts";
import { createOnRequest } from "./on-request.ts";
import { type TlsFiles, tlsOptions } from "./tls.ts";
import type { TellTurnedAway } from "./turned-away.ts";
import { createTurns } from "./turns.ts";
import { closeUnread } from "./unread.ts";

/** What is served over HTTP, where, and for whom. */
export interface HttpAdapterOptions {
  front: McpFront;
  calls: CallPath;
  /** What the server needs, looked at each time /health/ready is asked. Default: nothing. */
  ready?: () => Promise<readonly Dependency[]>;
  /** Address to listen on. Default 127.0.0.1. */
  host?: string;
  /** 0, the default, takes a free port. */
  port?: number;
  /** Host names beside the loopback names and `host`. */
  allowedHosts?: readonly string[];
  /** Browser origins beside those on loopback. */
  allowedOrigins?: readonly string[];
  /** Bucket in which /summarize looks for a bare `file_key`. */
  summarizeBucket?: string;
  /** Where callers get access tokens, for the metadata of RFC 9728. Default: nowhere. */
  oauth?: OAuthResource | undefined;
  /** For /metrics. Default: there is none. */
  metrics?: ReadableMetrics | undefined;
  /** HTTPS in place of HTTP. */
  tls?: TlsFiles | undefined;
  /** The certificates of clients, for whoever checks identity by them. Default: nobody's. */
  certificates?: ClientCertificates | undefined;
  /** Whom /health/ready tells what each dependency's state is. Default: everybody. */
  dependencyReaders?: DependencyReaders;
  /** How long accepted calls may go on once the server stops. Default 20 s. */
  drainMs?: number;
  /** How long a client may take to send its headers. Default 10 s. */
  headersTimeoutMs?: number;
  /** How long a client may take to send its whole request. Default 30 s. */
  requestTimeoutMs?: number;
  /** How long a client may take nothing of what waits for it. Default 30 s. */
  answerTimeoutMs?: number;
  /** Told of requests that are turned away before their caller is known. Default: nobody. */
  onTurnedAway?: TellTurnedAway;
  /** Takes what failed inside, outside any call, and the request's `traceparent`: for the log, which such an answer points to. Default: nobody. */
  onError?: (error: unknown, traceparent: string | undefined) => void;
}

/** The HTTP server, not yet listening. */
export interface HttpAdapter {
  /** The routes without a socket. */
  fetch(request: Request): Promise<Response>;
  /** Rejects with Node's own error where the address cannot be listened on. */
  listen(): Promise<{ port: number; url: string }>;
  /** The port listened on; undefined before `listen`. */
  readonly port: number | undefined;
  /**
   * New connections are made by these files from now on; none where the server speaks HTTP. Open ones go on, but for those of a
   * client whose certificate is trusted no more: says how many were cut. Throws Node's own error for files that cannot be used.
   */
  renewTls(files: TlsFiles | undefined): number;
  /** Takes no more calls, lets the accepted ones finish for `drainMs`, then closes everything. */
  close(): Promise<void>;
}

/** Builds the routes and the server around a front. Nothing listens before `listen`. */
export function createHttpAdapter(options: HttpAdapterOptions): HttpAdapter {
  const { front, calls, host = "127.0.0.1", port = 0, drainMs = 20_000, answerTimeoutMs = 30_000 } = options;
  const guard = createGuard({
    allowedHosts: [...(options.allowedHosts ?? []), host],
    allowedOrigins: options.allowedOrigins ?? [],
  });
  let draining = false;
  const { onError = () => {}, onTurnedAway = () => {} } = options;
  const state = { draining: () => draining, onError, onTurnedAway };
  const inFlight = createInFlight();
  const ready = options.ready ?? (async () => []);
  const { summarizeBucket, oauth, metrics, dependencyReaders = "everybody" } = options;
  const told = { summarizeBucket, oauth, metrics, dependencyReaders };
  const certificates = options.certificates ?? new ClientCertificates();
  const app = createApp({ front, calls, guard, certificates, ready, ...told, ...state });
  const lean = createLeanMcp({ front, guard, certificates, ...state });
  const turns = createTurns({ perTurn: 16, maxWaitingEach: 128 });
  const answers = { mcp: lean, others: getRequestListener(app.fetch) };
  const server = openServer(options, createOnRequest({ ...answers, turns, inFlight, onTurnedAway }));
  const certified = trackCertifiedConnections(server, certificates);
  server.on("connection", turns.cameIn);
  closeUnread(server, answerTimeoutMs);
  return {
    fetch: async (request) => app.fetch(request),
    get port() {
      return portOf(server);
    },
    renewTls(files) {
      if (files && server instanceof TlsServer) server.setSecureContext(tlsOptions(files));
      return certified.cutFallen();
    },
    async listen() {
      server.listen({ port, host, backlog: maxWaitingConnections });
      await once(server, "listening");
      const taken = portOf(server) ?? port;
      return {
        port: taken,
        url: `${options.tls ? "https" : "http"}://${host.includes(":") ? `[${host}]` : host}:${taken}`,
      };
    },
    async close() {
      if (draining) return;
      draining = true;
      await inFlight.settled(drainMs);
      await front.close();
      await stop(server);
    },
  };
}

function openServer(options: HttpAdapterOptions, onRequest: RequestListener): Server {
  const bounds = boundsOf(options);
  return options.tls
    ? createTlsServer({ ...bounds, ...tlsOptions(options.tls) }, onRequest)
    : createServer(bounds, onRequest);
}

function boundsOf({
  headersTimeoutMs = 10_000,
  requestTimeoutMs = 30_000,
  certificates,
}: HttpAdapterOptions) {
  const maxHeaderSize = certificates?.maxHeaderBytes;
  return {
    ...(maxHeaderSize !== undefined && { maxHeaderSize }),
    headersTimeout: headersTimeoutMs,
    requestTimeout: requestTimeoutMs,
    // Node looks for connections past their time only this often.
    connectionsCheckingInterval: Math.min(headersTimeoutMs, 2_000),
    keepAliveTimeout: 65_000,
  };
}

/** Of Node's 511 a thousand clients at once are too many: half of them would knock again a second later. Systems may allow fewer. */
const maxWaitingConnections = 4_096;

function portOf(server: Server): number | undefined {
  const address = server.address();
  return address !== null && typeof address === "object" ? address.port : undefined;
}

async function stop(server: Server): Promise<void> {
  if (!server.listening) return;
  const closed = once(server, "close");
  server.close();
  server.closeAllConnections();
  await closed;
}
