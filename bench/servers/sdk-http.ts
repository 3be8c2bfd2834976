import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import {
  localhostHostValidation,
  localhostOriginValidation,
  type NodeIncomingMessageLike,
  toNodeHandler,
} from "@modelcontextprotocol/node";
import { createMcpHandler } from "@modelcontextprotocol/server";
import { announce } from "./announce.ts";
import { sdkServer } from "./sdk-server.ts";
import { toolsAsked } from "./tool-set.ts";

const handler = toNodeHandler(createMcpHandler(sdkServer(toolsAsked())));
const validHost = localhostHostValidation();
const validOrigin = localhostOriginValidation();
const server = createServer((request, response) => {
  if (validHost(request, response) && validOrigin(request, response)) {
    // The package's own types do not know exactOptionalPropertyTypes.
    void handler(request as NodeIncomingMessageLike, response);
  }
}).listen(0, "127.0.0.1");
await once(server, "listening");
announce((server.address() as AddressInfo).port);
