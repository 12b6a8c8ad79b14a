/** Memory of a run. It is taken piece by piece and given back all at once, when the next run begins. */

/** What every structure starts on. */
const ALIGN: usize = 16;

let top: usize = 0;

/** Gives everything back. */
export function clearMemory(): void {
  top = (__heap_base + ALIGN - 1) & ~(ALIGN - 1);
}

/** So many bytes, whatever is in them. */
export function room(bytes: usize): usize {
  const at = top;
  top = (at + bytes + ALIGN - 1) & ~(ALIGN - 1);
  const size: usize = (<usize>memory.size()) << 16;
  if (top > size) {
    const missing: usize = (top - size + 0xffff) >>> 16;
    // In large steps: each makes the caller look for its memory again.
    const half: usize = (<usize>memory.size()) >>> 1;
    if (memory.grow(<i32>max(missing, half)) < 0 && memory.grow(<i32>missing) < 0) unreachable();
  }
  return at;
}

/** So many bytes, all 0. */
export function emptyRoom(bytes: usize): usize {
  const at = room(bytes);
  memory.fill(at, 0, bytes);
  return at;
}

/** A larger place for what lies at `at`. */
export function moved(at: usize, bytes: usize, largerBytes: usize): usize {
  const place = room(largerBytes);
  memory.copy(place, at, bytes);
  return place;
}
