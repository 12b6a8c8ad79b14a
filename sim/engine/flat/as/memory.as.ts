/** Memory of a run. It is taken piece by piece and given back all at once, when the next run begins. */

/** Gives everything back; of objects of the run before nothing may be used any more. */
export function clearMemory(): void {
  heap.reset();
}

/** So many bytes, whatever is in them. */
export function room(bytes: usize): usize {
  return heap.alloc(bytes);
}

/** So many bytes, all 0. */
export function emptyRoom(bytes: usize): usize {
  const at = room(bytes);
  memory.fill(at, 0, bytes);
  return at;
}
