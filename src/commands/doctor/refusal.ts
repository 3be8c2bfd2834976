/** Whether AWS says that this is not allowed, rather than that it is wrong or not there. */
export function isRefusal(thrown: unknown): boolean {
  return (
    thrown instanceof Error &&
    /^(AccessDenied(Exception)?|UnauthorizedOperation|Forbidden)$/.test(thrown.name)
  );
}
