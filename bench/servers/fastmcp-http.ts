import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { announce } from "./announce.ts";
import { fastmcpServer } from "./fastmcp-server.ts";
import { toolsAsked } from "./tool-set.ts";

// It takes no port 0: a free port is found first.
const probe = createServer().listen(0, "127.0.0.1");
await once(probe, "listening");
const { port } = probe.address() as AddressInfo;
probe.close();
await once(probe, "close");
await fastmcpServer(toolsAsked()).start({
  transportType: "httpStream",
  httpStream: { host: "127.0.0.1", port, stateless: true },
});
announce(port);
