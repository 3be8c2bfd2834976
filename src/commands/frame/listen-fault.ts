import type { Settings } from "../../config/schema.ts";
import { UsageError } from "./usage-error.ts";

/** Why the server cannot listen and what to do, as a `UsageError`; a fault it knows nothing of is given back as it is. */
export function explainListenFault(thrown: NodeJS.ErrnoException, { host, port }: Settings["http"]): unknown {
  const reasons: Record<string, string> = {
    EADDRINUSE: `Port ${port} on ${host} is taken by another program. Stop that program, or choose another port: --port ${port === 65_535 ? 8080 : port + 1}, or --port 0 for a free one.`,
    EACCES: `This user may not listen on port ${port}. Choose one above 1023: --port 8080.`,
    EADDRNOTAVAIL: `This machine has no address ${host}. Set http.host to one it has, such as 127.0.0.1.`,
    ENOTFOUND: `The name ${host} (http.host) has no address. Set http.host to one of this machine's.`,
  };
  const reason = reasons[thrown.code ?? ""];
  return reason === undefined ? thrown : new UsageError(reason);
}
