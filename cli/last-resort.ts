/**
 * The last thing that a process does when it cannot go on: it saves what commands have registered, then ends. For a
 * second Ctrl-C and for an error that nobody caught, which is a bug of ours and must not cost what was measured.
 */
import { failWithBug } from "./fail.js";

const savers = new Set<() => void>();

/**
 * Registers `save`, to be called if the process has to end at once; it must not wait for anything. Returns a function
 * that undoes this.
 */
export function saveAtTheEnd(save: () => void): () => void {
  savers.add(save);
  return () => {
    savers.delete(save);
  };
}

/** Saves and ends the process. */
export function endNow(code: number): never {
  for (const save of savers) {
    try {
      save();
    } catch {
      // Whatever is wrong with one, the others are saved.
    }
  }
  process.exit(code);
}

/** From now on an exception or a rejection that nobody caught saves what there is, and exits 70. */
export function catchTheUncaught(): void {
  process.on("uncaughtException", (error: unknown) => {
    endNow(failWithBug(error));
  });
}
