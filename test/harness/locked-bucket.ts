import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import type { S3AnchorSettings } from "../../src/audit/settings.ts";

export type LockedBucket = Awaited<ReturnType<typeof startLockedBucket>>;

/** A bucket with versions and locks, as far as anchors need it: it puts, and lists the versions of two keys a page. */
export async function startLockedBucket() {
  const objects = new Map<string, { body: string; headers: IncomingMessage["headers"] }>();
  const state = { isHanging: false, isDenied: false, answerMs: 0, puts: 0 };
  const server = createServer(async (request, response) => {
    if (state.isHanging) return;
    if (state.isDenied) return response.writeHead(403).end();
    if (state.answerMs > 0) await new Promise((resolve) => setTimeout(resolve, state.answerMs));
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const url = new URL(request.url ?? "", "http://bucket");
    if (request.method === "PUT") {
      state.puts++;
      objects.set(decodeURIComponent(url.pathname.slice("/locked/".length)), {
        body: Buffer.concat(chunks).toString(),
        headers: request.headers,
      });
      return response.end();
    }
    const after = url.searchParams.get("key-marker") ?? "";
    const prefix = url.searchParams.get("prefix") ?? "";
    const keys = [...objects.keys()].filter((key) => key.startsWith(prefix) && key > after).sort();
    const versions = keys
      .slice(0, 2)
      .map(
        (key) =>
          `<Version><Key>${key}</Key><VersionId>1</VersionId><LastModified>${new Date().toISOString()}</LastModified></Version>`,
      );
    const more = keys.length > 2 ? `<NextKeyMarker>${keys[1]}</NextKeyMarker>` : "";
    response.setHeader("content-type", "application/xml");
    response.end(
      `<ListVersionsResult><IsTruncated>${keys.length > 2}</IsTruncated>${more}${versions.join("")}</ListVersionsResult>`,
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    objects,
    /** `answerMs`: how long each answer takes. */
    state,
    endpoint,
    /** Settings of anchors in it. */
    anchor: (lock: S3AnchorSettings["lock"] = "COMPLIANCE"): S3AnchorSettings => ({
      kind: "s3",
      bucket: "locked",
      prefix: "anchors/",
      lock,
      retentionDays: 90,
      region: "eu-central-1",
      endpoint,
      forcePathStyle: true,
    }),
    stop: () => new Promise((resolve) => server.close(resolve).closeAllConnections()),
  };
}
