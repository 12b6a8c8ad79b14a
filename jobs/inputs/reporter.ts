/** How an experiment reports what it is doing; the command line prints it, tests keep it. */
export interface Reporter {
  note(line: string): void;
  warn(line: string): void;
  /** A long piece of work: call `update` as it goes on and `stop` at its end. */
  progress(title: string): { update(done: number, total: number, label?: string): void; stop(): void };
}

/** Notes of several cells, what all of them say only once: `cell: note` in the order of the cells, after the notes that every one of several cells has. */
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
