/** What the reader sees. */
export { startPage } from "./start-page.js";
