/** The table of a relation that the engine keeps, as SQL text. Its columns are called as the relation calls them. */
export function engineTable(relation: string): string {
  return `"${engineTableName(relation)}"`
}

/** The same name without quotes. */
export function engineTableName(relation: string): string {
  return `relation_${relation.replaceAll('"', '""')}`
}
