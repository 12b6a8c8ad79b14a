/**
 * Text from outside (a server, a file) made safe to print: without anything that a terminal would obey. Escape
 * sequences, control characters and marks that turn the direction of text can hide or fake what is shown; lone
 * surrogates are no characters.
 */

/** CSI and OSC sequences as a whole (ECMA-48), so that nothing of them is left to read. */
const SEQUENCES = new RegExp("(?:\\u001b\\[|\\u009b)[0-?]*[ -/]*[@-~]|(?:\\u001b\\]|\\u009d)[^\\u0007\\u001b\\u009c]*(?:\\u0007|\\u001b\\\\|\\u009c)?", "g"); // prettier-ignore
/** C0 except tab and line feed, DEL, C1, and the bidirectional overrides and isolates. */
const CONTROLS = new RegExp("[\\u0000-\\u0008\\u000b-\\u001f\\u007f-\\u009f\\u202a-\\u202e\\u2066-\\u2069]", "g");

/** Of these, what JSON.stringify leaves as it is. */
const UNESCAPED = new RegExp("[\\u007f-\\u009f\\u202a-\\u202e\\u2066-\\u2069]", "g");

/** The text without terminal escapes and control characters; tabs and line ends stay. */
export function printable(text: string): string {
  return wellFormed(text.replace(SEQUENCES, "").replace(CONTROLS, ""));
}

/** JSON that prints as itself: what JSON leaves as it is and a terminal obeys is escaped. The value is the same. */
export function printableJson(json: string): string {
  return json.replace(UNESCAPED, (found) => `\\u${found.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** Words of thousands of characters, which are somebody's mistake or attack, are cut in the middle. */
export function shortWords(text: string): string {
  return text.replace(/\S{400,}/g, (word) => wellFormed(`${word.slice(0, 200)}...${word.slice(-50)}`));
}

/** One line of printable text, of at most so many characters. */
export function plainLine(text: string, most = 300): string {
  // Cut first: a text of megabytes need not be cleaned to its end.
  const cut = text.slice(0, 4 * most + 1000);
  const line = printable(cut).replace(/\s+/g, " ").trim();
  return line.length > most || cut.length < text.length ? `${wellFormed(line.slice(0, most))}...` : line;
}

/** The text with U+FFFD for each surrogate without its other half: such a text has no UTF-8. */
export function wellFormed(text: string): string {
  return text.replace(/[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/g, "\uFFFD");
}
