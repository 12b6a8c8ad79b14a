/** Makes elements; texts stay texts. */

type Attributes = Readonly<Record<string, string | number | boolean>>;

/** An attribute that is true is there without a value, one that is false is absent. */
export function element<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  attributes: Attributes = {},
  ...content: readonly (Node | string)[]
): HTMLElementTagNameMap[Name] {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === false) continue;
    made.setAttribute(key, value === true ? "" : String(value));
  }
  made.append(...content);
  return made;
}

/** The element of the page's own HTML with that id. */
export function byId(id: string): HTMLElement {
  return document.getElementById(id)!;
}
