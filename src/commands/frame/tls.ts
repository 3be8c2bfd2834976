import type { TlsFiles } from "../../adapters/http/tls.ts";
import { modesInForce } from "../../config/auth.ts";
import type { Settings } from "../../config/schema.ts";
import { readSettingFile } from "./setting-file.ts";

/** The files of TLS; undefined where the server speaks HTTP. Throws `ConfigError` for one that cannot be read. */
export async function openTls({ http, auth }: Settings): Promise<TlsFiles | undefined> {
  const { certFile, keyFile } = http.tls;
  if (certFile === undefined || keyFile === undefined) return undefined;
  const asksClients = modesInForce(auth).includes("mtls");
  const { caFile, crlFile } = asksClients ? auth.mtls : {};
  const [cert, key, clientCa, clientCrl] = await Promise.all([
    readSettingFile("http.tls.certFile", certFile),
    readSettingFile("http.tls.keyFile", keyFile),
    caFile === undefined ? undefined : readSettingFile("auth.mtls.caFile", caFile),
    crlFile === undefined ? undefined : readSettingFile("auth.mtls.crlFile", crlFile),
  ]);
  return { cert, key, clientCa, clientCrl };
}
