import type { HttpBindings } from "@hono/node-server";
import { type Context, Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { createMiddleware } from "hono/factory";
import type { CallPath } from "../../core/call.ts";
import type { Principal } from "../../core/principal.ts";
import { readTraceparent } from "../../core/trace-context.ts";
import type { McpFront } from "../../mcp/front.ts";
import { transportFaultResponse } from "../../mcp/rpc-response.ts";
import { answerMcp } from "./answer-mcp.ts";
import { metadataPaths, metadataResponse, type OAuthResource } from "./challenge.ts";
import type { ClientCertificates } from "./client-certificate.ts";
import { corsHeaders, isPreflight, preflightResponse } from "./cors.ts";
import { type DependencyReaders, readsDependencies } from "./dependency-readers.ts";
import type { Guard } from "./guard.ts";
import { type Dependency, readinessResponse } from "./health.ts";
import { metricsResponse, type ReadableMetrics } from "./metrics.ts";
import { problem } from "./problem.ts";
import { sharedAnswer } from "./shared-answer.ts";
import { refuseSummary, summarize } from "./summarize.ts";
import { pathOf, type TellTurnedAway, type TurnedAway } from "./turned-away.ts";

/** What a request over a socket comes with (one without has none of it), and who turned out to have sent it. */
interface AppEnv {
  Bindings: Partial<HttpBindings>;
  Variables: { principal: Principal };
}
type App = Hono<AppEnv>;

/** What the routes are made of. */
export interface AppOptions {
  front: McpFront;
  calls: CallPath;
  guard: Guard;
  certificates: ClientCertificates;
  summarizeBucket: string | undefined;
  /** Where callers get access tokens; undefined where none are taken. */
  oauth: OAuthResource | undefined;
  /** Whom /health/ready tells what the server needs. */
  dependencyReaders: DependencyReaders;
  /** Undefined where nobody may read any. */
  metrics: ReadableMetrics | undefined;
  ready(): Promise<readonly Dependency[]>;
  draining(): boolean;
  onTurnedAway: TellTurnedAway;
  /** Takes what no route caught, and the request's `traceparent`; the answer says only that the log has it. */
  onError(error: unknown, traceparent: string | undefined): void;
}

/** The routes, as one web-standard `fetch`. Health answers whoever asks; all else is behind the guard. */
export function createApp(options: AppOptions): App {
  const { front, guard, draining } = options;
  const ready = sharedAnswer(options.ready, readyKeptMs);
  const app = new Hono<AppEnv>();
  const turnedAway = (c: Context<AppEnv>, why: Pick<TurnedAway, "code" | "reason">) =>
    options.onTurnedAway({ ...requestOf(c), ...why });
  app.use(async (c, next) => {
    if (c.env?.incoming) options.certificates.cameOn(c.req.raw, c.env.incoming);
    return next();
  });
  app.get("/health", (c) => c.json({ status: "healthy" }));
  app.get("/health/ready", async (c) =>
    readinessResponse({
      draining: draining(),
      dependencies: await ready(),
      showsDependencies: await readsDependencies(c.req.raw, options.dependencyReaders, options),
    }),
  );
  app.use(async (c, next) => {
    const origin = c.req.header("origin");
    const refused = guard({ host: c.req.header("host") ?? new URL(c.req.url).host, origin });
    if (refused === undefined) {
      await next();
      for (const [name, value] of Object.entries(corsHeaders(origin))) c.res.headers.set(name, value);
      return;
    }
    turnedAway(c, { code: "denied", reason: refused });
    return c.req.path === "/mcp"
      ? transportFaultResponse(403, refused)
      : problem({ status: 403, detail: refused });
  });
  app.options("*", (c) => (isPreflight(c.req.raw) ? preflightResponse(c.req.raw) : c.notFound()));
  app.on(["GET", "POST", "DELETE"], "/mcp", (c) => {
    if (!draining()) return answerMcp(front, c.req.raw);
    turnedAway(c, isStopping);
    return drainingResponse();
  });
  addMetadata(app, options.oauth);
  addMetrics(app, options);
  addSummarize(app, options);
  addFallbacks(app, options);
  return app;
}

/** Anybody may ask whether the server is ready, and each look asks the state store. */
const readyKeptMs = 250;

/** What is logged of a request that comes too late. */
export const isStopping = { code: "unavailable", reason: "The server is stopping." } as const;

function requestOf({ req }: Context<AppEnv>): Pick<TurnedAway, "method" | "path" | "traceparent"> {
  return { method: req.method, path: pathOf(req.path), traceparent: req.header("traceparent") };
}

const failedInside = "Sluice failed inside. Its log has the reason.";

/** What a request to `/mcp` gets for a fault that is none of the caller's. `onError` is told the reason. */
export function failedInsideMcp(): Response {
  return transportFaultResponse(500, failedInside);
}

/** What a call gets that comes after the server began to stop. */
export function drainingResponse(): Response {
  return transportFaultResponse(503, "The server is stopping. Try again.", {
    "retry-after": "5",
    connection: "close",
  });
}

function drainingProblem(): Response {
  return problem({
    status: 503,
    detail: "The server is stopping. Try again.",
    headers: { "retry-after": "5" },
  });
}

function addMetadata(app: App, oauth: OAuthResource | undefined): void {
  if (!oauth) return;
  for (const path of metadataPaths(oauth)) app.get(path, (c) => metadataResponse(oauth, c.req.raw));
}

function addMetrics(app: App, { front, metrics }: AppOptions): void {
  if (!metrics) return;
  app.get("/metrics", identifying(front), (c) => metricsResponse(metrics, c.get("principal")));
}

function addSummarize(app: App, options: AppOptions): void {
  const { front, calls, summarizeBucket, draining, onTurnedAway } = options;
  const maxSize = front.maxBodyBytes;
  const traceOf = (c: Context<AppEnv>) => readTraceparent(c.req.header("traceparent"));
  const onError = (c: Context<AppEnv>) =>
    refuseSummary(
      { calls, principal: c.get("principal"), trace: traceOf(c) },
      413,
      `A body may hold ${maxSize} bytes.`,
    );
  const notDraining = createMiddleware<AppEnv>(async (c, next) => {
    if (!draining()) return next();
    onTurnedAway({ ...requestOf(c), ...isStopping });
    return drainingProblem();
  });
  // Who calls is known before a byte of the body is read.
  app.post("/summarize", notDraining, identifying(front), bodyLimit({ maxSize, onError }), async (c) => {
    const principal = c.get("principal");
    const text = await c.req.text();
    const trace = traceOf(c);
    const { signal } = c.req.raw;
    return summarize({ calls, principal, defaultBucket: summarizeBucket, text, signal, trace });
  });
}

function identifying(front: McpFront) {
  return createMiddleware<AppEnv>(async (c, next) => {
    const principal = await front.authenticate(c.req.raw);
    if (principal instanceof Response) return principal;
    c.set("principal", principal);
    return next();
  });
}

const methodsOf: ReadonlyMap<string, string> = new Map([
  ["/mcp", "GET, POST, DELETE"],
  ["/summarize", "POST"],
  ["/health", "GET"],
  ["/health/ready", "GET"],
  ["/metrics", "GET"],
]);

function addFallbacks(app: App, { onError, metrics }: AppOptions): void {
  app.notFound((c) => {
    const isThere = metrics !== undefined || c.req.path !== "/metrics";
    const allow = isThere ? methodsOf.get(c.req.path) : undefined;
    if (allow === undefined) return problem({ status: 404, detail: "Nothing is here." });
    return problem({
      status: 405,
      detail: `${c.req.path} does not take ${c.req.method}.`,
      headers: { allow },
    });
  });
  app.onError((error, c) => {
    onError(error, c.req.header("traceparent"));
    return c.req.path === "/mcp" ? failedInsideMcp() : problem({ status: 500, detail: failedInside });
  });
}
