/** One thing the server needs to answer calls. */
export interface Dependency {
  name: string;
  ready: boolean;
  /** What is wrong, in words an operator may see. */
  detail?: string;
}

/** What `/health/ready` answers from. */
export interface Readiness {
  /** Set while the server is on its way out. */
  draining: boolean;
  dependencies: readonly Dependency[];
  /** Whether the answer says what each dependency's state is, or the state of all alone. */
  showsDependencies: boolean;
}

/** `GET /health/ready`: 200 when every dependency is ready, 503 when one is not or the server drains. */
export function readinessResponse({ draining, dependencies, showsDependencies }: Readiness): Response {
  const ready = !draining && dependencies.every((dependency) => dependency.ready);
  const states = dependencies.map(({ name, ready, detail }) => [
    name,
    { status: ready ? "ready" : "not ready", ...(detail !== undefined && { detail }) },
  ]);
  const status = draining ? "draining" : ready ? "ready" : "not ready";
  return Response.json(
    { status, ...(showsDependencies && { dependencies: Object.fromEntries(states) }) },
    { status: ready ? 200 : 503, headers: { "cache-control": "no-store" } },
  );
}
