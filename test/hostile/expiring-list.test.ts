import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createAuthority } from "../harness/certificates.ts";
import { type GuardedServer, startGuardedServer } from "../harness/guarded-server.ts";
import { modernRequest } from "../harness/rpc.ts";

const ours = createAuthority("Our authority");
const own = ours.issue({ subject: { CN: "localhost" }, names: ["DNS:localhost", "IP:127.0.0.1"] });
const client = ours.issue({ subject: { CN: "whoever" }, names: ["URI:spiffe://acme/agent"] });

let folder: string;
let server: GuardedServer;
let endsMs = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-list-"));
  const file = async (name: string, content: string) => {
    await writeFile(join(folder, name), content);
    return join(folder, name);
  };
  // Lists tell their times to the second.
  endsMs = Math.ceil(Date.now() / 1_000 + 4) * 1_000;
  server = await startGuardedServer(
    {
      modes: ["mtls"],
      mtls: {
        caFile: await file("ca.pem", ours.cert),
        crlFile: await file("crl.pem", ours.revoke([], { nextUpdate: new Date(endsMs) })),
        clients: [{ id: "agent", certificate: "URI:spiffe://acme/agent" }],
      },
    },
    {
      http: { tls: { certFile: await file("cert.pem", own.cert), keyFile: await file("key.pem", own.key) } },
    },
  );
});
afterAll(() => Promise.all([server.close(), rm(folder, { recursive: true })]));

function statusOfNewConnection(): Promise<number | undefined> {
  const { body, headers } = modernRequest("tools/call", { name: "echo_whoami", arguments: {} });
  const sent = { "content-type": "application/json", accept: "application/json, text/event-stream" };
  const options = { method: "POST", ca: ours.cert, cert: client.cert, key: client.key, agent: false };
  return new Promise((resolve, reject) => {
    const sending = request(`${server.url}/mcp`, { ...options, headers: { ...sent, ...headers } });
    sending.on("response", (incoming) => {
      void text(incoming).then(() => resolve(incoming.statusCode), reject);
    });
    sending.on("error", reject);
    sending.end(JSON.stringify(body));
  });
}

test("once the list of revoked certificates has ended under a running server, nobody comes in by it", async () => {
  expect(await statusOfNewConnection()).toBe(200);
  await sleep(endsMs - Date.now() + 1_100);
  expect(await statusOfNewConnection()).toBe(401);
  expect(server.logged.at(-1)).toContain("CRL_HAS_EXPIRED");
});
