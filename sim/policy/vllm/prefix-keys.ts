/**
 * Identities of KV blocks by everything up to their end: a key is an integer made from the key of the block before and
 * the block's tokens, so equal keys mean equal prefixes. Keys are counted: a key lives while a request, a block or a
 * longer key holds it, then its number is given out again.
 * A block of one repeated token id is found by two integers (open addressing, Knuth 6.4); others by their text.
 */

/** The key before the first block. */
export const ROOT_KEY = 0;

const FRESH = 0;
const RUN = 1;
const TEXT = 2;

export class PrefixKeys {
  private holders = new Int32Array(1024);
  private parents = new Int32Array(1024);
  private tokens = new Int32Array(1024);
  private kinds = new Uint8Array(1024);
  private made = 1;
  private readonly given: number[] = [];
  /** Keys of runs by hash of parent and token id; 0: empty. */
  private slots = new Int32Array(2048);
  private runs = 0;
  private readonly byText = new Map<string, number>();
  private readonly textOf = new Map<number, string>();

  /** Keys that something holds. */
  get live(): number {
    return this.made - 1 - this.given.length;
  }

  /** The key of a block of one token id after `parent`; the caller holds it from now on. */
  ofRun(parent: number, tokenId: number): number {
    if (tokenId !== (tokenId | 0)) return this.ofText(parent, String(tokenId));
    const mask = this.slots.length - 1;
    let slot = hash(parent, tokenId) & mask;
    for (let key = this.slots[slot]!; key !== 0; key = this.slots[slot]!) {
      if (this.parents[key] === parent && this.tokens[key] === tokenId) return this.hold(key);
      slot = (slot + 1) & mask;
    }
    const key = this.make(RUN, parent);
    this.tokens[key] = tokenId;
    this.slots[slot] = key;
    if (++this.runs * 2 > this.slots.length) this.rehash();
    return key;
  }

  /** The key of a block with this content after `parent`; the text must name the content without ambiguity. */
  ofText(parent: number, content: string): number {
    const text = `${parent}:${content}`;
    const known = this.byText.get(text);
    if (known !== undefined) return this.hold(known);
    const key = this.make(TEXT, parent);
    this.byText.set(text, key);
    this.textOf.set(key, text);
    return key;
  }

  /** The key of a block that no other request can have: equal to no other key. */
  fresh(): number {
    return this.make(FRESH, ROOT_KEY);
  }

  /** One more holder. */
  hold(key: number): number {
    this.holders[key]!++;
    return key;
  }

  /** One holder less; the last one frees the key, and with it shorter ones that only it held. */
  release(key: number): void {
    for (let freed = key; freed !== ROOT_KEY;) {
      const left = --this.holders[freed]!;
      if (left > 0) return;
      this.forget(freed);
      this.given.push(freed);
      freed = this.parents[freed]!;
    }
  }

  private make(kind: number, parent: number): number {
    const key = this.given.pop() ?? this.made++;
    if (key === this.holders.length) this.grow();
    this.holders[key] = 1;
    this.kinds[key] = kind;
    this.parents[key] = parent;
    if (parent !== ROOT_KEY) this.hold(parent);
    return key;
  }

  private grow(): void {
    this.holders = doubled(this.holders);
    this.parents = doubled(this.parents);
    this.tokens = doubled(this.tokens);
    const kinds = new Uint8Array(this.kinds.length * 2);
    kinds.set(this.kinds);
    this.kinds = kinds;
  }

  private forget(key: number): void {
    if (this.kinds[key] === RUN) this.removeRun(key);
    else if (this.kinds[key] === TEXT) {
      this.byText.delete(this.textOf.get(key)!);
      this.textOf.delete(key);
    }
  }

  /** Deletes by moving later entries of the cluster up, so that no tombstones accumulate. */
  private removeRun(key: number): void {
    const mask = this.slots.length - 1;
    let hole = this.home(key, mask);
    while (this.slots[hole] !== key) hole = (hole + 1) & mask;
    for (let at = (hole + 1) & mask; this.slots[at] !== 0; at = (at + 1) & mask) {
      const home = this.home(this.slots[at]!, mask);
      if (((at - home) & mask) < ((at - hole) & mask)) continue;
      this.slots[hole] = this.slots[at]!;
      hole = at;
    }
    this.slots[hole] = 0;
    this.runs--;
  }

  private rehash(): void {
    const old = this.slots;
    this.slots = new Int32Array(old.length * 2);
    const mask = this.slots.length - 1;
    for (const key of old) {
      if (key === 0) continue;
      let slot = this.home(key, mask);
      while (this.slots[slot] !== 0) slot = (slot + 1) & mask;
      this.slots[slot] = key;
    }
  }

  private home(key: number, mask: number): number {
    return hash(this.parents[key]!, this.tokens[key]!) & mask;
  }
}

function hash(parent: number, tokenId: number): number {
  const mixed = Math.imul(Math.imul(parent, 0x9e3779b1) ^ tokenId, 0x85ebca6b);
  return mixed ^ (mixed >>> 15);
}

function doubled(numbers: Int32Array): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(numbers.length * 2);
  larger.set(numbers);
  return larger;
}

/** The text of a block's runs, no two neighbours of one token id: for `ofText`. */
export function blockText(runs: readonly (readonly [tokenId: number, tokens: number])[]): string {
  return runs.map(([tokenId, tokens]) => `${tokenId}*${tokens}`).join();
}
