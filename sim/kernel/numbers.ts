/** Numbers as AssemblyScript knows them, for files that compile to JavaScript and to WebAssembly; `number` is a 64-bit float in both. */

/** A whole number of 32 bits. `(a / b) | 0` divides two of them, rounding towards 0, in both. */
export type i32 = number;
