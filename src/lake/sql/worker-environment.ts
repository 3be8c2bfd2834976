/**
 * All of a worker's environment. The system's bound counts addresses, which jemalloc would keep for ever of what is freed, for
 * each thread apart; Node runs statements on four threads by turns, though there is one statement at a time. What is freed
 * stays for the next statement of the same row: pages for ten seconds, and 64 MB of what the C library allocates, in huge
 * pages where there are such.
 */
export const workerEnvironment = {
  DUCKDB_JE_MALLOC_CONF: "retain:false,dirty_decay_ms:10000",
  GLIBC_TUNABLES: [
    "glibc.malloc.hugetlb=1",
    "glibc.malloc.arena_max=1",
    "glibc.malloc.mmap_threshold=33554432",
    "glibc.malloc.trim_threshold=67108864",
  ].join(":"),
  UV_THREADPOOL_SIZE: "1",
};
