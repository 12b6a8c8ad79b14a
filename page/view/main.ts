/** Starts the page: its data and its worker's program are in its own HTML. */
import type { PageData } from "../model/index.js";
import { byId } from "./dom.js";
import { Page } from "./page.js";

const data = JSON.parse(byId("data").textContent) as PageData;
const program = URL.createObjectURL(new Blob([byId("worker").textContent], { type: "text/javascript" }));
new Page(data, program);
