/** Text and attribute values for HTML: whatever a label or prompt holds, it stays text. */

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Escaped for element content and for quoted attribute values. */
export function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (char) => entities[char]!);
}

/** Sentences, escaped: a number stays on the line of its unit. */
export function prose(text: string): string {
  return escaped(text).replace(/(\d) (?=(%|ms|s|µs|MiB|GiB|tokens\/s|requests\/s)(?![\w/]))/g, "$1\u00a0");
}
