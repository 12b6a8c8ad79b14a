/** Starts the page from the data in its own HTML. */
import type { PageData } from "../model/index.js";
import { byId } from "./dom.js";
import { Page } from "./page.js";

/** `program`: of its workers, the page's own. */
export function startPage(program: string): void {
  const data = JSON.parse(byId("data").textContent) as PageData;
  new Page(data, URL.createObjectURL(new Blob([program], { type: "text/javascript" })));
}
