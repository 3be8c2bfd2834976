/**
 * Milliseconds of processor time this process takes for `work`, in user and system mode. Unlike the time on the
 * clock, it does not grow where other programs want the same processors.
 */
export async function cpuMsOf(work: () => unknown): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}
