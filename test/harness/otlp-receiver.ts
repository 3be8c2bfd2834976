import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { z } from "zod";

const value = z.union([
  z.object({ stringValue: z.string() }).transform(({ stringValue }) => stringValue),
  z.object({ intValue: z.coerce.number() }).transform(({ intValue }) => intValue),
]);
const attributes = z
  .array(z.object({ key: z.string(), value }))
  .transform((all) => Object.fromEntries(all.map((one) => [one.key, one.value])));
const span = z.object({
  traceId: z.string(),
  spanId: z.string(),
  parentSpanId: z.string().optional(),
  name: z.string(),
  kind: z.int(),
  startTimeUnixNano: z.coerce.bigint(),
  endTimeUnixNano: z.coerce.bigint(),
  attributes,
  status: z.object({ code: z.int() }),
});
const body = z.object({
  resourceSpans: z.array(
    z.object({ resource: z.object({ attributes }), scopeSpans: z.array(z.object({ spans: z.array(span) })) }),
  ),
});

/** A receiver of OTLP over HTTP, in JSON. Source: OpenTelemetry Protocol 1.10, "OTLP/HTTP". */
export async function startOtlpReceiver() {
  const received: string[] = [];
  const answers = { status: 200 };
  const server = createServer(async (request, response) => {
    const given = await text(request);
    if (answers.status === 200 && request.url === "/v1/traces") received.push(given);
    response.writeHead(request.url === "/v1/traces" ? answers.status : 404, {
      "content-type": "application/json",
    });
    response.end("{}");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const batches = () => received.flatMap((one) => body.parse(JSON.parse(one)).resourceSpans);
  return {
    endpoint: `http://127.0.0.1:${port}`,
    answers,
    /** Everything that came, as it came. */
    raw: () => received.join("\n"),
    resources: () => batches().map(({ resource }) => resource.attributes),
    spans: () => batches().flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans)),
    stop: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
