/**
 * Rows of numbers from one thread to another through shared memory. Writing one takes a few microseconds and wakes nobody, where a posted
 * message takes fifty to a few hundred between two steps; and what was written is there for the reader when the writing thread has died.
 */
import { InvariantError } from "../../formats/index.js";

/** Places in the memory where the next row is written and read; two halves of its first number. */
const WRITTEN = 0;
const READ = 1;
const START = 1;
/** Stands for a length where the memory's last numbers are left empty: the next row is at its start. */
const TURN = -1;
const CAPACITY_BYTES = 2 ** 22;
/** The writer looks again after so long, should it have missed that there is room. */
const ROOM_MS = 100;

/** One thread writes, one reads; each has its own object over the same memory. */
export class SharedRows {
  private readonly places: Int32Array;
  private readonly numbers: Float64Array;

  constructor(readonly memory = new SharedArrayBuffer(CAPACITY_BYTES)) {
    this.places = new Int32Array(memory, 0, 2);
    this.numbers = new Float64Array(memory);
    this.places[WRITTEN] ||= START;
    this.places[READ] ||= START;
  }

  /** Blocks while there is no room. */
  write(row: readonly number[]): void {
    const { numbers, places } = this;
    const at = this.room(1 + row.length);
    numbers[at] = row.length;
    for (let column = 0; column < row.length; column++) numbers[at + 1 + column] = row[column]!;
    Atomics.store(places, WRITTEN, at + 1 + row.length);
  }

  /** Gives each row that was written since the last time; it lies in the memory, so that it is to be read at once. How many. */
  read(take: (row: Float64Array) => void): number {
    const { places, numbers } = this;
    const written = Atomics.load(places, WRITTEN);
    let at = Atomics.load(places, READ);
    let count = 0;
    while (at !== written) {
      const length = numbers[at]!;
      if (length === TURN) {
        at = START;
        continue;
      }
      take(numbers.subarray(at + 1, at + 1 + length));
      at += 1 + length;
      count++;
    }
    Atomics.store(places, READ, at);
    Atomics.notify(places, READ);
    return count;
  }

  /** Where so many numbers are free in one piece. Never all that are: both places being the same means that nothing is there. */
  private room(size: number): number {
    const { places, numbers } = this;
    // Else a row could be too long for what lies before its place and for what lies after it.
    if (2 * size + START >= numbers.length) {
      throw new InvariantError(`a row of ${size - 1} numbers in a memory of ${numbers.length}`);
    }
    const written = places[WRITTEN]!;
    for (;;) {
      const read = Atomics.load(places, READ);
      if (written + size < (written >= read ? numbers.length : read)) return written;
      if (written >= read && START + size < read) {
        numbers[written] = TURN;
        return START;
      }
      Atomics.wait(places, READ, read, ROOM_MS);
    }
  }
}
