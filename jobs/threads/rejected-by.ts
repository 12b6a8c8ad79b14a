/** A promise that rejects with the signal's reason when it aborts, until `unheard` ends the listening. */
export function rejectedBy(signal: AbortSignal | undefined, unheard: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const fail = (): void => {
      reject(signal!.reason as Error);
    };
    if (signal?.aborted === true) fail();
    signal?.addEventListener("abort", fail, { signal: unheard });
  });
}
