import { beginServiceCall, plainName } from "../../core/service-calls.ts";

/** `fetch` to Databricks' API, taken down for the call it is sent for: method and path, never the query or a header. */
export async function watchedFetch(url: string, init: RequestInit & { method: string }): Promise<Response> {
  const begun = beginServiceCall("databricks", `${init.method} ${new URL(url).pathname}`);
  if (!begun) return fetch(url, init);
  const { call, read, ended } = begun;
  try {
    const response = await fetch(url, init);
    const requestId = plainName(response.headers.get("x-request-id"));
    if (requestId !== undefined) call.requestId = requestId;
    if (response.status >= 400) call.status = response.status;
    read(Number(response.headers.get("content-length") ?? 0) || 0);
    return response;
  } catch (thrown) {
    if (thrown instanceof Error) call.fault = thrown.name;
    throw thrown;
  } finally {
    ended();
  }
}
