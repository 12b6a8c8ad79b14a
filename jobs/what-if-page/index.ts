/** The what-if page: the simulator in a browser, in one file. */
export { whatIfPage } from "./make-page.js";
