/** C strings, kept for as long as the process lives: the runtime keeps names between calls. */
import koffi from "koffi";

const texts = new Map<string, Uint8Array>();

/** Address of the text, which ends with a zero byte. */
export function cString(text: string): bigint {
  let bytes = texts.get(text);
  if (bytes === undefined) texts.set(text, (bytes = new TextEncoder().encode(`${text}\0`)));
  return koffi.address(bytes);
}

/** Pointers to texts, one after the other. */
export function cStrings(all: readonly string[]): BigUint64Array {
  return BigUint64Array.from(all, cString);
}
