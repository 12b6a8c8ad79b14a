/** Charts as PNG. The library is native code and loaded when first asked for. */
export { pngOf } from "./png-of.js";
