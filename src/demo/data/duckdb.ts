/** The engine's binding by name: a bundle of CommonJS has no names when it is imported at run time. */
export { DuckDBInstance } from "@duckdb/node-api";
