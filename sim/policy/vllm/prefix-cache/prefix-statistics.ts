/** Tokens looked up in the prefix cache and found there, once per admission. Source: vllm/v1/metrics/stats.py (behaviour). */

/** Counts at first admissions, and apart from them at those after a preemption. */
export class PrefixStatistics {
  queries = 0;
  hits = 0;
  preemptedQueries = 0;
  preemptedHits = 0;

  count(known: number, cached: number, isResumed: boolean): void {
    if (isResumed) {
      this.preemptedQueries += known;
      this.preemptedHits += cached;
    } else {
      this.queries += known;
      this.hits += cached;
    }
  }
}
