import { createSecureContext } from "node:tls";
import { type TlsFiles, tlsOptions } from "../../adapters/http/tls.ts";
import { readAuthorities } from "../../auth/certificates/authorities.ts";
import { type ClientTrust, trustOf } from "../../auth/certificates/client-trust.ts";
import { MalformedError } from "../../auth/certificates/malformed.ts";
import { readRevocationLists } from "../../auth/certificates/revocation-list.ts";
import { modesInForce } from "../../config/auth.ts";
import { ConfigError } from "../../config/config-error.ts";
import type { Settings } from "../../config/schema.ts";
import { readSettingFile } from "./setting-file.ts";

/** The server's own certificate, as PEM. */
export type ServerPair = Pick<TlsFiles, "cert" | "key">;

/** By what clients' certificates are trusted, and the PEM it was read from, for TLS. */
export interface ClientFiles extends Required<Pick<TlsFiles, "clientCa" | "clientCrl">> {
  trust: ClientTrust;
}

type Files = Pick<Settings, "http" | "auth">;

/** The files that are read for TLS and for clients' certificates. */
export function certificatePaths(settings: Files): string[] {
  const { certFile, keyFile } = settings.http.tls;
  const { caFile, crlFile } = mtlsOf(settings);
  return [certFile, keyFile, caFile, crlFile].flatMap((path) => path ?? []);
}

/** Undefined where the server speaks HTTP. Throws `ConfigError` for files that cannot be used. */
export async function readServerPair({ http }: Files): Promise<ServerPair | undefined> {
  const { certFile, keyFile } = http.tls;
  if (certFile === undefined || keyFile === undefined) return undefined;
  const [cert, key] = await Promise.all([
    readSettingFile("http.tls.certFile", certFile),
    readSettingFile("http.tls.keyFile", keyFile),
  ]);
  const pair = { cert, key };
  refuseUnusable(pair, `http.tls: ${certFile} and ${keyFile} are no certificate and its key`);
  return pair;
}

/**
 * Undefined where certificates of clients are not asked for; `before`, where the files say what they did then: a long list takes
 * its time to read. Throws `ConfigError` for files that cannot be used. */
export async function readClientFiles(
  settings: Files,
  pair: ServerPair | undefined,
  before?: ClientFiles,
): Promise<ClientFiles | undefined> {
  const { caFile, crlFile, forwarded } = mtlsOf(settings);
  if (caFile === undefined) return undefined;
  const [clientCa, clientCrl] = await Promise.all([
    readSettingFile("auth.mtls.caFile", caFile),
    crlFile === undefined ? undefined : readSettingFile("auth.mtls.crlFile", crlFile),
  ]);
  if (before?.clientCa === clientCa && before.clientCrl === clientCrl) return before;
  const authorities = readAs("auth.mtls.caFile", caFile, () => readAuthorities(clientCa));
  // TLS of our own knows which certificates a partial list covers; of those in a header nobody would.
  const partial = forwarded?.header === undefined ? "taken" : "refused";
  const lists =
    clientCrl === undefined
      ? undefined
      : readAs("auth.mtls.crlFile", crlFile, () => readRevocationLists(clientCrl, partial));
  if (pair) refuseUnusable({ ...pair, clientCa, clientCrl }, `auth.mtls: ${caFile} cannot be used`);
  return { clientCa, clientCrl, trust: trustOf(authorities, lists) };
}

function mtlsOf({ auth }: Files): Partial<Settings["auth"]["mtls"]> {
  return modesInForce(auth).includes("mtls") ? auth.mtls : {};
}

function refuseUnusable(files: TlsFiles, what: string): void {
  try {
    createSecureContext(tlsOptions(files));
  } catch (thrown) {
    const { code, message } = thrown as NodeJS.ErrnoException;
    throw new ConfigError([`${what}: ${code ?? message}`]);
  }
}

function readAs<Read>(setting: string, path: string | undefined, read: () => Read): Read {
  try {
    return read();
  } catch (thrown) {
    if (!(thrown instanceof MalformedError)) throw thrown;
    throw new ConfigError([`${setting}: ${path}: ${thrown.message}`]);
  }
}
