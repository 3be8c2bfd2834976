import { randomUUID } from "node:crypto";
import {
  type Implementation,
  isLegacyRequest,
  type McpServerFactory,
  PROTOCOL_VERSION_META_KEY,
  type ServerNotifier,
} from "@modelcontextprotocol/server";
import type { CallPath } from "../core/call.ts";
import type { ToolFault } from "../core/errors.ts";
import { localPrincipal, type Principal } from "../core/principal.ts";
import { isRecord } from "../core/record.ts";
import { tellRefused } from "../core/refused-request.ts";
import { checkBody, readBody } from "./body.ts";
import type { Connection } from "./connection.ts";
import { announceListChanges } from "./list-changes.ts";
import { createModern, type Modern } from "./modern.ts";
import { createOpenStream, type OpenStream } from "./open-stream.ts";
import type { McpExtension } from "./raw.ts";
import { refuseLasting } from "./requests-only.ts";
import { transportFaultResponse } from "./rpc-response.ts";
import { buildServer } from "./server.ts";
import { MemorySessionStore } from "./sessions/memory-store.ts";
import { createLegacySessions } from "./sessions/sessions.ts";
import type { SessionStores } from "./sessions/store.ts";
import { createSurface } from "./surface.ts";
import { MemoryTaskStore } from "./tasks/memory-store.ts";
import { createTaskRunner, type TaskTimes } from "./tasks/runner.ts";
import type { TaskStore } from "./tasks/store.ts";
import { createTaskIds } from "./tasks/task-ids.ts";
import { toldRefusal } from "./tell-refused.ts";

/** What is served to whom, and within which bounds. */
export interface McpFrontOptions {
  calls: CallPath;
  serverInfo: Implementation;
  /** List the names of older systems as tools of their own. They are callable either way. Default false. */
  listAliases?: boolean;
  extension?: McpExtension;
  /**
   * Who sent a request, from verified evidence, or the response that turns it away. Asked before the body is
   * read. Default: whoever reaches the server is the local principal.
   */
  authenticate?: (request: Request) => Promise<Principal | Response>;
  /** Bytes of a request body. Default 1 MiB. */
  maxBodyBytes?: number;
  /** Between two comments that keep an idle event stream open. Default 15 s. */
  keepAliveMs?: number;
  /** When a long call becomes a task, for clients that take them. Default: after 5 s, for 30 min, kept 30 min more. */
  taskTimes?: TaskTimes;
  /** Shared by servers that answer for each other's tasks. Left out: tasks end with their process. */
  taskKey?: string | undefined;
  /** Where tasks are kept. Default: this process. */
  taskStore?: TaskStore;
  /** Where sessions of the legacy revisions live. Default: this process. */
  sessionStore?: SessionStores;
  /**
   * Serve nothing that outlives its request: no tasks, no sessions of the legacy revisions, no subscriptions. For
   * processes that are frozen between requests. Default false.
   */
  requestsOnly?: boolean;
  /** Faults outside any call, and the `traceparent` of the request where there is one: for the log. Never alters an answer. */
  onError?: (error: Error, traceparent?: string) => void;
}

/** What an adapter knows already of the request it hands over. */
export interface GivenRequest extends Pick<Connection, "tellLimits"> {
  /** The body as parsed from JSON, when the adapter has read it. */
  parsedBody?: unknown;
  /** Whoever `authenticate` gave, when the adapter has asked it. */
  principal?: Principal;
}

/** MCP without a transport: web-standard requests in, responses out, for both protocol eras. */
export interface McpFront {
  authenticate(request: Request): Promise<Principal | Response>;
  fetch(request: Request, given?: GivenRequest): Promise<Response>;
  /** Logs and records an adapter's own refusal of a request whose caller is known, and gives it back. */
  refuse(request: Request, principal: Principal, refusal: Response): Promise<Response>;
  /** Logs and records a message of a stdio connection that cannot be dispatched, or that limits refuse. */
  refuseMessage(reason: string, fault?: ToolFault): void;
  /** Lets in an event stream of a stdio connection. */
  openStream: OpenStream;
  /** A server per stdio connection, for `serveStdio`. */
  factory: McpServerFactory;
  /** Tells every connected client that a list changed. */
  notify: ServerNotifier;
  maxBodyBytes: number;
  /** Ends streams and aborts what still runs. */
  close(): Promise<void>;
}

/** Bytes of a request body where no setting says otherwise: 1 MiB. */
export const defaultMaxBodyBytes = 1024 * 1024;
const defaultTaskTimes: TaskTimes = { afterMs: 5_000, timeoutMs: 30 * 60_000, keepMs: 30 * 60_000 };
/** A shared store is asked over the network, and by each call that runs. */
const sessionTimes = ({ shared }: SessionStores) => ({
  streamAfterMs: 1_000,
  resumeWithinMs: 60_000,
  pollMs: shared ? 500 : 200,
});

/** Builds all that requests share. Throws `TypeError` where two tools or prompts claim one name. */
export function createMcpFront(options: McpFrontOptions): McpFront {
  const { calls, serverInfo, extension = {}, listAliases = false, keepAliveMs = 15_000 } = options;
  const { maxBodyBytes = defaultMaxBodyBytes, onError = () => {} } = options;
  const { sessionStore = new MemorySessionStore(), requestsOnly = false } = options;
  const authenticate = options.authenticate ?? (async () => localPrincipal);
  const surface = createSurface({ calls, serverInfo, listAliases, extension, requestsOnly });
  const tasks = openTasks(options, onError);
  const openStream = createOpenStream(calls);
  const modern = createModern({ calls, surface, tasks, maxBodyBytes, keepAliveMs, openStream, onError });
  const sessions = createLegacySessions({
    ...sessionTimes(sessionStore),
    build: (unit, wanted) => buildServer({ era: "legacy", calls, surface, tasks, ...unit }, wanted),
    stores: sessionStore,
    bus: modern.bus,
    newId: randomUUID,
    keepAliveMs,
    openStream,
  });
  return {
    authenticate,
    openStream,
    factory({ era }) {
      const server = buildServer({ era, calls, surface, tasks, principal: localPrincipal });
      announceListChanges(server, modern.bus, onError);
      return server;
    },
    maxBodyBytes,
    refuse: (request, principal, refusal) => toldRefusal(calls, { request, principal }, refusal),
    refuseMessage(reason, fault) {
      const { code, correlationId } = fault ?? { code: "invalid_input" as const, correlationId: undefined };
      void tellRefused(calls, { principal: localPrincipal, correlationId, code, reason });
    },
    notify: modern.notify,
    async close() {
      tasks.close();
      await Promise.all([sessions.close(), modern.close()]);
    },
    fetch: createFetch({ calls, authenticate, sessions, modern, maxBodyBytes, requestsOnly }),
  };
}

interface Parts
  extends Required<Pick<McpFrontOptions, "calls" | "authenticate" | "maxBodyBytes" | "requestsOnly">> {
  sessions: ReturnType<typeof createLegacySessions>;
  modern: Modern;
}

function createFetch(parts: Parts): McpFront["fetch"] {
  const { calls, authenticate, sessions, modern, maxBodyBytes, requestsOnly } = parts;
  return async (request, { parsedBody, tellLimits, ...given } = {}) => {
    const principal = given.principal ?? (await authenticate(request));
    if (principal instanceof Response) return principal;
    const { method } = request;
    const refuse = (refusal: Response) => toldRefusal(calls, { request, principal }, refusal);
    if (method !== "POST" && requestsOnly) return methodNotAllowed("POST");
    if (method === "GET" || method === "DELETE") {
      const response = await sessions.fetch({ request, principal });
      return response.status === tooMany ? refuse(response) : response;
    }
    if (method !== "POST") return methodNotAllowed("GET, POST, DELETE");
    const body = parsedBody === undefined ? await readBody(request, maxBodyBytes) : checkBody(parsedBody);
    if (body.refusal) return refuse(body.refusal);
    const legacy = await isLegacy(request, body.value);
    const refusal = requestsOnly ? refuseLasting(body.value, legacy) : undefined;
    if (refusal) return refuse(refusal);
    const answer = (told: Pick<Connection, "tellLimits">) =>
      legacy
        ? sessions.fetch({ request, principal, body: body.value, ...told })
        : modern.fetch(request, { principal, ...told }, body.value);
    return toldUnlessCalled(answer, tellLimits, refuse);
  };
}

/** The status of a stream that limits refuse. */
const tooMany = 429;

/** What never came to a call, and was refused all the same, is told as refused. */
async function toldUnlessCalled(
  answer: (told: Pick<Connection, "tellLimits">) => Promise<Response>,
  tellLimits: Connection["tellLimits"],
  refuse: (refusal: Response) => Promise<Response>,
): Promise<Response> {
  let wasCalled = false;
  const response = await answer({
    tellLimits(limits) {
      wasCalled = true;
      tellLimits?.(limits);
    },
  });
  return response.status < 400 || wasCalled ? response : refuse(response);
}

function openTasks(options: McpFrontOptions, onError: (error: Error) => void) {
  const { calls, taskKey, taskStore, taskTimes } = options;
  return createTaskRunner({
    ids: createTaskIds(taskKey),
    store: taskStore ?? new MemoryTaskStore({ now: calls.now }),
    times: taskTimes ?? defaultTaskTimes,
    now: calls.now,
    onError,
  });
}

function methodNotAllowed(allow: string): Response {
  return transportFaultResponse(405, "Method Not Allowed.", { allow });
}

/** A message that claims a modern revision in its `_meta` is never legacy, which saves classifying it twice. */
async function isLegacy(request: Request, body: unknown): Promise<boolean> {
  const meta = isRecord(body) && isRecord(body.params) ? body.params._meta : undefined;
  if (isRecord(meta) && meta[PROTOCOL_VERSION_META_KEY] !== undefined) return false;
  return isLegacyRequest(request, body);
}
