/** Notes of several cells: what all of them say is said once, the rest with its cell. */

/** `cell: note` in the order of the cells, after the notes that every one of several cells has. */
export function sharedNotes(cells: readonly { readonly name: string; readonly notes: readonly string[] }[]): string[] {
  const [first, ...others] = cells;
  if (first === undefined) return [];
  const isShared = (note: string): boolean => others.length > 0 && others.every(({ notes }) => notes.includes(note));
  const shared = first.notes.filter(isShared);
  return [
    ...shared,
    ...cells.flatMap(({ name, notes }) =>
      notes.filter((note) => !shared.includes(note)).map((note) => `${name}: ${note}`),
    ),
  ];
}
