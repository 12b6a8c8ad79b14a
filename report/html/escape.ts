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
