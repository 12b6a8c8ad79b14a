/** Programs in WebAssembly that are kept as text (make-wasm.mjs). */

/** Compiles a program that is given in base 64. */
export function programOf(base64: string): WebAssembly.Module {
  // A loop over so many letters takes some milliseconds while its code is cold; browsers have no buffers.
  const bytes =
    typeof Buffer === "undefined"
      ? Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0))
      : Buffer.from(base64, "base64");
  return new WebAssembly.Module(bytes);
}
