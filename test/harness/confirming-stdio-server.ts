// A server of the switch on stdin and stdout, whose writes are confirmed.
import { serveStdio } from "../../src/adapters/stdio.ts";
import { confirmingFront } from "./confirming-front.ts";

const adapter = serveStdio({ front: confirmingFront().front });
await adapter.closed;
await adapter.close();
