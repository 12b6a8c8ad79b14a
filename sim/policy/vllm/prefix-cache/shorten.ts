/** Shortens a list, which keeps its room: V8 gives that up where `length` is set to 0. */
export function shorten(list: unknown[], length: number): void {
  while (list.length > length) list.pop();
}
