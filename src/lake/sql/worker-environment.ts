/**
 * All of a worker's environment. The system's bound counts addresses, which jemalloc would keep for ever of what is freed, for
 * each thread apart; Node runs statements on four threads by turns, though there is one statement at a time. What is freed
 * stays for the next statement of the same row: pages for ten seconds, and 32 MiB of each thread's heap of the C library.
 * Blocks over 4 MiB have a place of their own, in huge pages where there are such. Threads are not to share a heap: DuckDB's
 * scanners then lie side by side in it, and each write of one takes the cache line from the other.
 */
export const workerEnvironment = {
  DUCKDB_JE_MALLOC_CONF: "retain:false,dirty_decay_ms:10000",
  GLIBC_TUNABLES: [
    "glibc.malloc.hugetlb=1",
    "glibc.malloc.mmap_threshold=4194304",
    "glibc.malloc.trim_threshold=33554432",
  ].join(":"),
  UV_THREADPOOL_SIZE: "1",
};
