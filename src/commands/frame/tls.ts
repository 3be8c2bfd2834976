import { readFile } from "node:fs/promises";
import type { TlsFiles } from "../../adapters/http/tls.ts";
import { modesInForce } from "../../config/auth.ts";
import { ConfigError } from "../../config/config-error.ts";
import type { Settings } from "../../config/schema.ts";

/** The files of TLS; undefined where the server speaks HTTP. Throws `ConfigError` for one that cannot be read. */
export async function openTls({ http, auth }: Settings): Promise<TlsFiles | undefined> {
  const { certFile, keyFile } = http.tls;
  if (certFile === undefined || keyFile === undefined) return undefined;
  const asksClients = modesInForce(auth).includes("mtls");
  const { caFile, crlFile } = asksClients ? auth.mtls : {};
  const [cert, key, clientCa, clientCrl] = await Promise.all([
    read("http.tls.certFile", certFile),
    read("http.tls.keyFile", keyFile),
    caFile === undefined ? undefined : read("auth.mtls.caFile", caFile),
    crlFile === undefined ? undefined : read("auth.mtls.crlFile", crlFile),
  ]);
  return { cert, key, clientCa, clientCrl };
}

function read(setting: string, path: string): Promise<string> {
  return readFile(path, "utf8").catch((cause: NodeJS.ErrnoException) => {
    throw new ConfigError([`${setting}: ${path} cannot be read: ${cause.code ?? cause.message}`]);
  });
}
