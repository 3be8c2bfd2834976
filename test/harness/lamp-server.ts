// A server of a lamp and of echoes over HTTP, whose writes are confirmed as the settings in its argument say.
import { createHttpAdapter } from "../../src/adapters/http/adapter.ts";
import { unguardedServices } from "../../src/core/service-guard.ts";
import { createMcpFront } from "../../src/mcp/front.ts";
import { SharedSessionStores } from "../../src/mcp/sessions/shared-store.ts";
import { openConfirmer } from "../../src/open-confirmer.ts";
import { openStateStore } from "../../src/state/open-store.ts";
import { testCalls } from "./calls.ts";
import { echoToolset } from "./echo-toolset.ts";
import type { LampSettings } from "./lamp-servers.ts";
import { lampToolset } from "./lamp-toolset.ts";
import { namedByHeader } from "./named-by-header.ts";

const { state, confirmation, path } = JSON.parse(process.argv[2] ?? "") as LampSettings;
const items = openStateStore(state, { now: Date.now, guard: unguardedServices });
const plain = testCalls([lampToolset(path), echoToolset]);
const confirmer = openConfirmer({ writes: "confirm", confirmation }, items, Date.now);
const calls = { ...plain, steps: { ...plain.steps, confirmer } };
const front = createMcpFront({
  calls,
  serverInfo: { name: "sluice-test", version: "0.0.0" },
  authenticate: namedByHeader,
  sessionStore: new SharedSessionStores({ items, now: Date.now }),
});
const { url } = await createHttpAdapter({ front, calls }).listen();
process.stdout.write(`${url}\n`);
