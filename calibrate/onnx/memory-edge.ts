/** Finds the largest batch that runs, by trying: outward from a guess until one does not, then between the two. */

export interface MemoryEdge {
  /** Most rows that ran; 0 when none did. */
  readonly fits: number;
  /** Fewest rows that did not; undefined when every try ran. */
  readonly fails: number | undefined;
  readonly tries: readonly { readonly rows: number; readonly fits: boolean }[];
}

/** The edge is known when it lies within this part of the rows that fit. */
const NARROW = 0.05;
const MAX_TRIES = 24;
const GROWTH = 2;

/** `fits` runs a batch of this many rows and says whether memory was enough. */
export async function findMemoryEdge(
  guessRows: number,
  mostRows: number,
  fits: (rows: number) => Promise<boolean>,
): Promise<MemoryEdge> {
  const tries: { rows: number; fits: boolean }[] = [];
  let [below, above] = [0, Infinity];
  let rows = Math.min(mostRows, Math.max(1, Math.floor(guessRows)));
  while (tries.length < MAX_TRIES) {
    const ran = await fits(rows);
    tries.push({ rows, fits: ran });
    if (ran) below = rows;
    else above = rows;
    if (below === mostRows || above - below <= Math.max(1, NARROW * below)) break;
    if (above === Infinity) rows = Math.min(mostRows, rows * GROWTH);
    else rows = below === 0 ? Math.floor(above / 2) : Math.floor((below + above) / 2);
    if (rows < 1) break;
  }
  return { fits: below, fails: above === Infinity ? undefined : above, tries };
}
