/** A request that is turned away whoever sent it: by the host or origin it names, or as the server stops. */
export interface TurnedAway {
  method: string | undefined;
  /** Of the URL, without its query; at most 200 characters. */
  path: string;
  reason: string;
}

export type TellTurnedAway = (request: TurnedAway) => void;

/** Of a URL as a request line has it. */
export function pathOf(url = ""): string {
  return (url.split("?")[0] ?? "").slice(0, 200);
}
