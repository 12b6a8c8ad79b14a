/** The program of the what-if page and of its workers: one, since both are made of the same parts. */
import { startPage } from "./view/index.js";
import { startWorker } from "./worker/index.js";

if (typeof document === "undefined") startWorker();
else startPage(document.currentScript!.textContent);
