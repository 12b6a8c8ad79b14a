/**
 * Values from one thread to another through shared memory. Writing one takes a few microseconds and wakes nobody, where a posted message
 * takes fifty to a few hundred between two steps; and what was written is there for the reader when the writing thread has died.
 */

/** Where the next value is written and read: places in the memory, in words of four bytes. */
const WRITTEN = 0;
const READ = 1;
const HEADER_WORDS = 2;
/** Stands for a length where the memory's last words are left empty: the next value is at its start. */
const TURN = -1;
const CAPACITY_BYTES = 2 ** 22;
/** The writer looks again after so long, should it have missed that there is room. */
const ROOM_MS = 100;

/** One thread writes, one reads. Values as JSON has them. */
export class SharedStream<Value> {
  private readonly words: Int32Array;
  private readonly bytes: Buffer;

  /** The other thread's stream is made of the same memory. */
  constructor(readonly memory = new SharedArrayBuffer(CAPACITY_BYTES)) {
    this.words = new Int32Array(memory);
    this.words[WRITTEN] ||= HEADER_WORDS;
    this.words[READ] ||= HEADER_WORDS;
    this.bytes = Buffer.from(memory);
  }

  /** Blocks while there is no room. RangeError for a value that never has any. */
  write(value: Value): void {
    const text = JSON.stringify(value);
    const length = Buffer.byteLength(text);
    const { words } = this;
    const size = 1 + Math.ceil(length / 4);
    // Wherever the next place is, a smaller one has room before it or after it once all is read.
    if (2 * size + HEADER_WORDS >= words.length) {
      throw new RangeError(`a value of ${length} bytes in a memory of ${this.memory.byteLength}`);
    }
    const at = this.room(size);
    words[at] = length;
    this.bytes.write(text, 4 * (at + 1));
    Atomics.store(words, WRITTEN, at + size);
  }

  /** What was written since it was asked last. */
  read(): Value[] {
    const { words } = this;
    const values: Value[] = [];
    const written = Atomics.load(words, WRITTEN);
    let at = Atomics.load(words, READ);
    while (at !== written) {
      const length = words[at]!;
      if (length === TURN) {
        at = HEADER_WORDS;
        continue;
      }
      const start = 4 * (at + 1);
      values.push(JSON.parse(this.bytes.toString("utf8", start, start + length)) as Value);
      at += 1 + Math.ceil(length / 4);
    }
    Atomics.store(words, READ, at);
    Atomics.notify(words, READ);
    return values;
  }

  /** Where so many words are free in one piece. Never all that are: both places being the same means that nothing is there. */
  private room(size: number): number {
    const { words } = this;
    const written = words[WRITTEN]!;
    for (;;) {
      const read = Atomics.load(words, READ);
      if (written + size < (written >= read ? words.length : read)) return written;
      if (written >= read && HEADER_WORDS + size < read) {
        words[written] = TURN;
        return HEADER_WORDS;
      }
      Atomics.wait(words, READ, read, ROOM_MS);
    }
  }
}
