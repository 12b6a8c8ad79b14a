/** The lines of a file's bytes, one at a time: the text of a trace can be longer than a JavaScript string may be. */

const NEWLINE = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/** Lines without their LF or CRLF and without a byte order mark; a final line break ends the last line. */
export function* textLines(bytes: Buffer): Generator<string> {
  let start = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
  while (start < bytes.length) {
    const found = bytes.indexOf(NEWLINE, start);
    const next = found === -1 ? bytes.length : found;
    const end = next > start && bytes[next - 1] === CARRIAGE_RETURN ? next - 1 : next;
    yield bytes.toString("utf8", start, end);
    start = next + 1;
  }
}
