// Prints the one line that CI counts tests from.
export default class CountReporter {
  onRunComplete(_contexts, results) {
    const skipped = results.numPendingTests + results.numTodoTests;
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
    if (process.env.SERVESIM_ATTACKS === "all") {
      console.log(`attacks: ${results.numPassedTests} survived, ${failed} failed`);
    }
    console.log(`jest: ${results.numPassedTests} passed, ${failed} failed, ${skipped} skipped`);
  }
}
