import { MalformedError } from "../certificates/malformed.ts";

/** What one proxy says of the certificate of its client. */
interface XfccElement {
  /** URL-encoded PEM. */
  cert?: string | undefined;
  /** The same, of the client's whole chain. */
  chain?: string | undefined;
}

/** Key, value in quotes or without, and what follows. No part can match what its neighbour can: it is never tried twice. */
const firstPair = /^\s*([A-Za-z]+)=(?:"((?:[^"\\]|\\.)*)"|([^",;\s]*))\s*(;|,|$)/;

/**
 * The last element: what the proxy nearest to us says of whoever called it, while those before it are others' words.
 * Elements are apart by commas, pairs of one by semicolons, and both may stand in quotes. Throws `MalformedError`.
 */
export function lastElement(header: string): XfccElement {
  let element = new Map<string, string>();
  let rest = header;
  for (let after: string | undefined = ";"; after !== ""; ) {
    const [whole = "", name = "", quoted, plain = "", next] = firstPair.exec(rest) ?? [];
    if (next === undefined) throw new MalformedError("is malformed");
    if (after === ",") element = new Map();
    const key = name.toLowerCase();
    if (["cert", "chain"].includes(key) && element.has(key)) throw new MalformedError(`has ${key} twice`);
    element.set(key, quoted ?? plain);
    rest = rest.slice(whole.length);
    after = next;
  }
  return { cert: element.get("cert"), chain: element.get("chain") };
}
