/** How a caller proved who it is. `local` is the operating system's user on stdio or loopback. */
export type Evidence = "local" | "api_key" | "jwt" | "iam" | "mtls" | "module";

/** Who calls. Built from verified evidence only: no field ever comes from a header the caller can write. */
export interface Principal {
  id: string;
  tenantId: string;
  scopes: readonly string[];
  roles: readonly string[];
  via: Evidence;
  /** Whom limits count, where that is wider than the id, such as a role whose sessions come under names of their own. */
  countedAs?: string;
}

/** The caller where no identity is configured: whoever can reach stdin or the loopback address. */
export const localPrincipal: Principal = Object.freeze({
  id: "local",
  tenantId: "default",
  scopes: Object.freeze([]),
  roles: Object.freeze([]),
  via: "local",
});

const idForm = /^(?:local$|(?:key|jwt|mtls|iam|module):)/;

/** Whether anybody can have an id: it begins with how its holder proved who it is. */
export function isPrincipalId(id: string): boolean {
  return idForm.test(id);
}
