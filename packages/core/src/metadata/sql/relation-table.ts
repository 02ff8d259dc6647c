/** The table of a relation that the engine keeps, as SQL text. Its columns are called as the relation calls them. */
export function engineTable(relation: string): string {
  return `"relation_${relation.replaceAll('"', '""')}"`
}
