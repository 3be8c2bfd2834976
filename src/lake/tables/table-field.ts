/** A type as the query engine has it: text of a plain one, or what it is made of. */
export type TableType =
  | { kind: "plain"; sql: string }
  | { kind: "struct"; fields: TableField[] }
  | { kind: "list"; element: TableType }
  | { kind: "map"; key: TableType; value: TableType };

/** A column of a table's schema, or a member of one. */
export interface TableField {
  name: string;
  /** Its name in files; where there is a `fieldId`, that finds it there. */
  physicalName: string;
  fieldId?: number | undefined;
  /** Names that find it in files whose columns have no numbers. */
  namesWithoutId?: readonly string[] | undefined;
  /** Some files have its value outside of them, and others do not: one that lacks it has the former, or NULL. */
  isKeptOutside?: boolean | undefined;
  type: TableType;
}

/** The columns that only some files have values of outside of them. */
export function keptOutside(fields: readonly TableField[] = []): TableField[] {
  return fields.filter(({ isKeptOutside }) => isKeptOutside);
}

/** The type as the engine writes it. */
export function sqlType(type: TableType): string {
  if (type.kind === "plain") return type.sql;
  if (type.kind === "list") return `${sqlType(type.element)}[]`;
  if (type.kind === "map") return `MAP(${sqlType(type.key)}, ${sqlType(type.value)})`;
  const members = type.fields.map((field) => `"${field.name.replaceAll('"', '""')}" ${sqlType(field.type)}`);
  return `STRUCT(${members.join(", ")})`;
}
