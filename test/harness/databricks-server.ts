import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { z } from "zod";
import { type StatementScript, StatementShelf } from "./databricks-statements.ts";

/** A table of the workspace. Shapes: Unity Catalog API 2.1, `TableInfo`. */
export type ServedTable = Record<string, unknown> & { catalog: string; schema: string; name: string };

export interface SeenRequest {
  method: string;
  path: string;
  query: Record<string, string>;
  headers: IncomingMessage["headers"];
  body: string;
}

/** Answers a request in place of the server; nothing lets the server answer it. */
export type Fault = (request: SeenRequest, response: ServerResponse) => boolean | Promise<boolean>;

/** A workspace of Databricks on loopback: Unity Catalog, statement execution, OAuth, warehouses. */
export interface DatabricksServer {
  host: string;
  requests: SeenRequest[];
  tables: ServedTable[];
  /** Tokens taken at present. */
  tokens: Set<string>;
  /** Tried in order for each request; the first that answers wins. */
  faults: Fault[];
  statements: StatementShelf;
  /** Temporary credentials that were given out, by table id. */
  credentials: { tableId: string; operation: string }[];
  /** What the next temporary credentials are. */
  vended: Record<string, unknown>;
  warehouseState: string;
  stop(): Promise<void>;
}

export const workspaceToken = "dapi-test-token";
export const warehouseId = "abc123def456";

export async function startDatabricksServer(script: StatementScript = () => ({})): Promise<DatabricksServer> {
  const server: DatabricksServer = {
    host: "",
    requests: [],
    tables: [],
    tokens: new Set([workspaceToken]),
    faults: [],
    statements: new StatementShelf(script),
    credentials: [],
    vended: {},
    warehouseState: "RUNNING",
    stop: async () => {
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
  };
  const http = createServer((request, response) => {
    serve(server, request, response).catch((thrown: unknown) => {
      if (!response.headersSent)
        send(response, 500, { error_code: "INTERNAL_ERROR", message: String(thrown) });
    });
  });
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  server.host = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  return server;
}

export function send(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): true {
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(typeof body === "string" ? body : JSON.stringify(body));
  return true;
}

/** Answers the first `times` requests to a path with a status. */
export function failing(
  path: RegExp,
  times: number,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): Fault {
  let left = times;
  return (request, response) =>
    path.test(request.path) && left-- > 0 ? send(response, status, body, headers) : false;
}

async function serve(server: DatabricksServer, request: IncomingMessage, response: ServerResponse) {
  const url = new URL(request.url ?? "/", "http://workspace");
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part);
  const seen: SeenRequest = {
    method: request.method ?? "",
    path: url.pathname,
    query: Object.fromEntries(url.searchParams),
    headers: request.headers,
    body: Buffer.concat(parts).toString("utf8"),
  };
  server.requests.push(seen);
  for (const fault of server.faults) if (await fault(seen, response)) return;
  if (seen.path === "/oidc/v1/token") return serveToken(server, seen, response);
  const token = /^Bearer (.+)$/.exec(seen.headers.authorization ?? "")?.[1] ?? "";
  if (!server.tokens.has(token))
    return send(response, 401, { error_code: "UNAUTHENTICATED", message: "Invalid token" });
  for (const route of routes) {
    const match = seen.method === route.method && route.path.exec(seen.path);
    if (match) return route.serve(server, seen, response, match.slice(1).map(decodeURIComponent));
  }
  return notFound(response, "ENDPOINT_NOT_FOUND", seen.path);
}

function notFound(response: ServerResponse, code: string, name: string) {
  return send(response, 404, { error_code: code, message: `'${name}' does not exist.` });
}

function serveToken(server: DatabricksServer, { headers, body }: SeenRequest, response: ServerResponse) {
  const basic = Buffer.from((headers.authorization ?? "").replace(/^Basic /, ""), "base64").toString();
  const form = new URLSearchParams(body);
  if (basic !== "sluice-client:sluice-secret")
    return send(response, 401, {
      error: "invalid_client",
      error_description: "Client authentication failed",
    });
  if (form.get("grant_type") !== "client_credentials" || form.get("scope") !== "all-apis")
    return send(response, 400, { error: "invalid_request" });
  const token = `oauth-${server.requests.length}`;
  server.tokens.add(token);
  return send(response, 200, {
    access_token: token,
    token_type: "Bearer",
    expires_in: 3600,
    scope: "all-apis",
  });
}

interface Route {
  method: string;
  path: RegExp;
  serve(server: DatabricksServer, seen: SeenRequest, response: ServerResponse, parts: string[]): unknown;
}

const uc = "/api/2\\.1/unity-catalog";
const credentialRequest = z.strictObject({ table_id: z.string(), operation: z.literal("READ") });

/** One name a page, so that nobody forgets the next one. */
function page(seen: SeenRequest, response: ServerResponse, field: string, names: string[]) {
  const at = Number(seen.query.page_token ?? "0");
  const found = names.slice(at, at + 1).map((name) => ({ name }));
  const more = at + 1 < names.length ? { next_page_token: String(at + 1) } : {};
  return send(response, 200, { ...(found.length > 0 ? { [field]: found } : {}), ...more });
}

const unique = (names: string[]) => [...new Set(names)].sort();

const routes: Route[] = [
  {
    method: "GET",
    path: new RegExp(`^${uc}/catalogs$`),
    serve: ({ tables }, seen, response) =>
      page(seen, response, "catalogs", unique(tables.map(({ catalog }) => catalog))),
  },
  {
    method: "GET",
    path: new RegExp(`^${uc}/schemas$`),
    serve({ tables }, seen, response) {
      const inside = tables.filter(({ catalog }) => catalog === seen.query.catalog_name);
      if (inside.length === 0)
        return notFound(response, "CATALOG_DOES_NOT_EXIST", seen.query.catalog_name ?? "");
      return page(seen, response, "schemas", unique(inside.map(({ schema }) => schema)));
    },
  },
  {
    method: "GET",
    path: new RegExp(`^${uc}/tables$`),
    serve({ tables }, seen, response) {
      const { catalog_name, schema_name } = seen.query;
      const inside = tables.filter(
        ({ catalog, schema }) => catalog === catalog_name && schema === schema_name,
      );
      if (inside.length === 0) return notFound(response, "SCHEMA_DOES_NOT_EXIST", schema_name ?? "");
      return page(seen, response, "tables", unique(inside.map(({ name }) => name)));
    },
  },
  {
    method: "GET",
    path: new RegExp(`^${uc}/tables/([^/]+)$`),
    serve({ tables }, _seen, response, [name = ""]) {
      const found = tables.find((table) => `${table.catalog}.${table.schema}.${table.name}` === name);
      if (!found) return notFound(response, "TABLE_DOES_NOT_EXIST", name);
      const { catalog, schema, ...info } = found;
      return send(response, 200, { catalog_name: catalog, schema_name: schema, full_name: name, ...info });
    },
  },
  {
    method: "POST",
    path: new RegExp(`^${uc}/temporary-table-credentials$`),
    serve(server, seen, response) {
      const { table_id: tableId, operation } = credentialRequest.parse(JSON.parse(seen.body));
      if (!server.tables.some((table) => table.table_id === tableId))
        return notFound(response, "TABLE_DOES_NOT_EXIST", tableId);
      server.credentials.push({ tableId, operation });
      return send(response, 200, server.vended);
    },
  },
  {
    method: "GET",
    path: /^\/api\/2\.0\/sql\/warehouses\/([^/]+)$/,
    serve: (server, _seen, response, [id = ""]) =>
      id === warehouseId
        ? send(response, 200, { id, name: "Test", state: server.warehouseState, cluster_size: "2X-Small" })
        : notFound(response, "RESOURCE_DOES_NOT_EXIST", id),
  },
  {
    method: "POST",
    path: /^\/api\/2\.0\/sql\/statements$/,
    serve: async ({ statements }, seen, response) => {
      const { status, body } = await statements.execute(seen.body, warehouseId);
      return send(response, status, body);
    },
  },
  {
    method: "GET",
    path: /^\/api\/2\.0\/sql\/statements\/([^/]+)$/,
    serve: ({ statements }, _seen, response, [id = ""]) => {
      const found = statements.poll(id);
      return found ? send(response, 200, found) : notFound(response, "RESOURCE_DOES_NOT_EXIST", id);
    },
  },
  {
    method: "GET",
    path: /^\/api\/2\.0\/sql\/statements\/([^/]+)\/result\/chunks\/(\d+)$/,
    serve: ({ statements }, _seen, response, [id = "", chunk = ""]) => {
      const found = statements.chunk(id, Number(chunk));
      return found ? send(response, 200, found) : notFound(response, "RESOURCE_DOES_NOT_EXIST", id);
    },
  },
  {
    method: "POST",
    path: /^\/api\/2\.0\/sql\/statements\/([^/]+)\/cancel$/,
    serve: ({ statements }, _seen, response, [id = ""]) => {
      statements.cancel(id);
      return send(response, 200, {});
    },
  },
];
