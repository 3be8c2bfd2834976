import { once } from "node:events";
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import type { InFlight } from "./in-flight.ts";
import { leavesWithItsConnection } from "./leaving.ts";
import { namesTwoHosts, refuseTwoHosts } from "./one-host.ts";
import { type TellTurnedAway, toldOf } from "./turned-away.ts";
import type { Turns } from "./turns.ts";

/** Answers one request of Node's server. */
type Answer = (incoming: IncomingMessage, outgoing: ServerResponse) => unknown;

/** Who answers what. */
export interface Answers {
  mcp: Answer;
  /** Every other route. */
  others: Answer;
  turns: Turns;
  inFlight: InFlight;
  onTurnedAway: TellTurnedAway;
}

/** What becomes of a request before a route sees it: calls begin in turns, those of one connection one after another. */
export function createOnRequest({ mcp, others, turns, inFlight, onTurnedAway }: Answers): RequestListener {
  const leaves = leavesWithItsConnection();
  return (incoming, outgoing) => {
    // What came in one piece with the request for which it was cut off.
    if (incoming.socket.destroyed) return;
    if (namesTwoHosts(incoming)) {
      onTurnedAway({ ...toldOf(incoming), code: "invalid_input", reason: "two Host headers" });
      return refuseTwoHosts(outgoing);
    }
    leaves(incoming, outgoing);
    const answer = isMcp(incoming) ? mcp : others;
    const answered = new Promise((resolve) => {
      // Nobody waits for an answer any more who left meanwhile.
      const begin = () => resolve(outgoing.destroyed ? undefined : answer(incoming, outgoing));
      if (isCheck(incoming)) begin();
      else if (!turns.begin(incoming.socket, begin)) {
        // So many requests without waiting for an answer: HTTP lets either side close a connection, and no client does it.
        incoming.socket.destroy();
        resolve(undefined);
      }
    });
    void (isEndless(incoming) ? answered : inFlight.track(finished(answered, outgoing)));
  };
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
