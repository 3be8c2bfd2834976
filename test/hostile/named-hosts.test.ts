import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { Socket } from "node:net";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type PolicyServer, startPolicyServer } from "../harness/policy-server.ts";
import { modernRequest, postMcp } from "../harness/rpc.ts";

let server: PolicyServer;
/** Whom this process looks up or begins to speak to, by name or address and port. */
const asked: string[] = [];
const watch = (message: unknown) => {
  const { socket } = message as { socket: Socket };
  socket.on("lookup", (_error, _address, _family, host) => asked.push(host));
  socket.on("connectionAttempt", (address, port) => asked.push(`${address}:${port}`));
};
/** What may be asked which buckets there are. */
const ownS3 = () => new URL(server.s3.endpoint).host;
beforeAll(async () => {
  server = await startPolicyServer({});
  subscribe("net.client.socket", watch);
});
beforeEach(() => {
  asked.length = 0;
});
afterAll(async () => {
  unsubscribe("net.client.socket", watch);
  await server.stop();
});

const names = [
  "http://169.254.169.254/latest/meta-data/iam/security-credentials/",
  "https://169.254.169.254/x.csv",
  "http://2852039166/x.csv",
  "http://0xa9fea9fe/x.csv",
  "http://0251.0376.0251.0376/x.csv",
  "http://169.254.43518/x.csv",
  "http://[fd00:ec2::254]/x.csv",
  "http://[::ffff:a9fe:a9fe]/x.csv",
  "http://169.254.170.2/v2/credentials",
  "http://169.254.170.23/v1/credentials",
  "http://metadata.google.internal/x.csv",
  "http://lake@169.254.169.254/x.csv",
  "HTTP://169.254.169.254/x.csv",
  "//169.254.169.254/x.csv",
  "\\\\169.254.169.254\\share\\x.csv",
  "file://169.254.169.254/x.csv",
  "ftp://169.254.169.254/x.csv",
  "hf://datasets/x/x.csv",
  "s3://169.254.169.254/x.csv",
  "s3://lake@169.254.169.254/x.csv",
  "s3://lake.169.254.169.254/x.csv",
  "s3://lake?s3_endpoint=169.254.169.254",
  "s3a://169.254.169.254/x.csv",
  "athena://169.254.169.254.x",
  "databricks://169.254.169.254/x",
];

/** Each way in which a caller can name something to be read. */
const ways: Readonly<Record<string, (name: string) => Promise<unknown>>> = {
  list: (uri) => server.call("ann", "lake_list_objects", { uri }),
  describe: (uri) => server.call("ann", "lake_get_metadata", { uri }),
  read: (uri) => server.call("ann", "lake_read_rows", { uri }),
  "read by the older name": (uri) => server.call("ann", "read_csv_from_s3", { key: uri }),
  profile: (uri) => server.call("ann", "lake_profile_dataset", { uri }),
  summarise: (uri) => server.call("ann", "lake_summarize_text", { uri }),
  query: (uri) => server.call("ann", "lake_query", { sql: `SELECT * FROM '${uri}'` }),
  "query by a function": (uri) =>
    server.call("ann", "lake_query", { sql: `SELECT * FROM read_csv('${uri}')` }),
  "query by a source": (uri) =>
    server.call("ann", "lake_query", { sql: "SELECT * FROM t", sources: { t: { uri } } }),
};

const refused = expect.objectContaining({
  kind: "failed",
  fault: expect.objectContaining({
    code: expect.stringMatching(/^(invalid_input|denied|not_found|unsupported)$/),
  }),
});

test.each(names)("%j is asked for by nobody, however it is named", async (name) => {
  for (const [way, ask] of Object.entries(ways)) expect([way, await ask(name)]).toEqual([way, refused]);
  const { body, headers } = modernRequest("resources/read", { uri: `sluice://lake/${name}` });
  const { messages } = await postMcp(server.adapter, body, { ...headers, authorization: "ann" });
  expect(messages.at(-1)).toMatchObject({ error: { code: expect.any(Number) } });
  const request = new Request("http://localhost/summarize", {
    method: "POST",
    headers: { authorization: "ann" },
    body: JSON.stringify({ uri: name }),
  });
  expect((await server.adapter.fetch(request)).status).toBeGreaterThanOrEqual(400);
  expect(asked.filter((host) => host !== ownS3())).toEqual([]);
});

test("connections are seen where there are some", async () => {
  await server.call("ann", "lake_read_rows", { uri: "s3://lake/none.csv" });
  expect(asked).toContain(ownS3());
});
