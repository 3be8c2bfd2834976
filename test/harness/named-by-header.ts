import type { McpFrontOptions } from "../../src/mcp/front.ts";

/** `authorization` names the principal: enough to tell callers apart, and no more than tests may do. */
export const namedByHeader: NonNullable<McpFrontOptions["authenticate"]> = async ({ headers }) => ({
  id: headers.get("authorization") ?? "nobody",
  tenantId: "default",
  scopes: [],
  roles: [],
  via: "api_key",
});
