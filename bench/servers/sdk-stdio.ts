import { serveStdio } from "@modelcontextprotocol/server/stdio";
import { sdkServer } from "./sdk-server.ts";
import { toolsAsked } from "./tool-set.ts";

serveStdio(sdkServer(toolsAsked()));
