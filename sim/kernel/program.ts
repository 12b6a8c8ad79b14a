/** Programs in WebAssembly that are kept as text (make-wasm.mjs). */

/** Compiles a program that is given in base 64. */
export function programOf(base64: string): WebAssembly.Module {
  const letters = atob(base64);
  const bytes = new Uint8Array(letters.length);
  for (let at = 0; at < letters.length; at++) bytes[at] = letters.charCodeAt(at);
  return new WebAssembly.Module(bytes);
}
