import { fastmcpServer } from "./fastmcp-server.ts";
import { toolsAsked } from "./tool-set.ts";

await fastmcpServer(toolsAsked()).start({ transportType: "stdio" });
