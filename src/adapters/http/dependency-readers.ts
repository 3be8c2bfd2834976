import { apiKeyHeader } from "../../auth/api-keys.ts";
import type { McpFront } from "../../mcp/front.ts";
import type { ClientCertificates } from "./client-certificate.ts";

/** Who is told by /health/ready what the state of each dependency is: holders of one of these roles, or whoever asks. */
export type DependencyReaders = "everybody" | readonly string[];

/**
 * Whether a request is of one. Probes bring no credentials, and are not asked for any: that would be logged as a refusal each
 * time. Wrong ones are, and get what a probe gets.
 */
export async function readsDependencies(
  request: Request,
  readers: DependencyReaders,
  { front, certificates }: { front: McpFront; certificates: ClientCertificates },
): Promise<boolean> {
  if (readers === "everybody") return true;
  const { headers } = request;
  const namesItself = certificates.nameCallers && certificates.of(request) !== undefined;
  const bringsAny = namesItself || headers.has("authorization") || headers.has(apiKeyHeader);
  if (readers.length === 0 || !bringsAny) return false;
  const principal = await front.authenticate(request);
  return !(principal instanceof Response) && principal.roles.some((role) => readers.includes(role));
}
