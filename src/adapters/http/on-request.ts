import { once } from "node:events";
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import type { InFlight } from "./in-flight.ts";
import { namesTwoHosts, refuseTwoHosts } from "./one-host.ts";
import { createTurns } from "./turns.ts";

/** Answers one request of Node's server. */
type Answer = (incoming: IncomingMessage, outgoing: ServerResponse) => unknown;

/** Who answers what. */
export interface Answers {
  mcp: Answer;
  /** Every other route. */
  others: Answer;
  inFlight: InFlight;
  /** How long a client may take to read an answer once it is whole. */
  answerTimeoutMs: number;
}

/** A call takes a millisecond to begin, or more where it is signed for AWS. */
const callsPerTurn = 4;

/** What becomes of a request before a route sees it: calls begin in turns, and clients that do not read are cut off. */
export function createOnRequest({ mcp, others, inFlight, answerTimeoutMs }: Answers): RequestListener {
  const turns = createTurns(callsPerTurn);
  return (incoming, outgoing) => {
    if (namesTwoHosts(incoming)) return refuseTwoHosts(outgoing);
    cutOffUnread(outgoing, answerTimeoutMs);
    const answer = isMcp(incoming) ? mcp : others;
    const begin = async () => answer(incoming, outgoing);
    const answered = isCheck(incoming)
      ? begin()
      : new Promise((resolve) => {
          // Nobody waits for an answer any more who left meanwhile.
          turns(() => resolve(outgoing.destroyed ? undefined : begin()));
        });
    void (isEndless(incoming) ? answered : inFlight.track(finished(answered, outgoing)));
  };
}

/** Node has no time limit of its own for this: an answer nobody reads would keep its memory and its connection. */
function cutOffUnread(outgoing: ServerResponse, answerTimeoutMs: number): void {
  outgoing.once("prefinish", () => {
    const timer = setTimeout(() => outgoing.destroy(), answerTimeoutMs).unref();
    outgoing.once("close", () => clearTimeout(timer));
  });
}

/** Whoever asks whether the server is alive is answered before those who want something of it. */
function isCheck({ url = "" }: IncomingMessage): boolean {
  return url.startsWith("/health");
}

const mcpMethods = ["POST", "GET", "DELETE"];

function isMcp({ url = "", method = "" }: IncomingMessage): boolean {
  return (url === "/mcp" || url.startsWith("/mcp?")) && mcpMethods.includes(method);
}

/** Streams that end only when one side leaves: nobody waits for them to finish. */
function isEndless({ method, headers }: IncomingMessage): boolean {
  return method === "GET" || headers["mcp-method"] === "subscriptions/listen";
}

async function finished(answered: Promise<unknown>, outgoing: ServerResponse): Promise<void> {
  await answered;
  if (!outgoing.writableFinished && !outgoing.destroyed) await once(outgoing, "close");
}
