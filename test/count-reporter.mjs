// Prints the one line that CI counts tests from, and the tests that passed at the second try only.
export default class CountReporter {
  onTestResult({ path }, { testResults }) {
    for (const { fullName, status, invocations } of testResults) {
      if (status === "passed" && invocations > 1) console.log(`passed at the second try: ${path}: ${fullName}`);
    }
  }

  onRunComplete(_contexts, results) {
    const skipped = results.numPendingTests + results.numTodoTests;
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
    if (process.env.SERVESIM_ATTACKS === "all") {
      console.log(`attacks: ${results.numPassedTests} survived, ${failed} failed`);
    }
    console.log(`jest: ${results.numPassedTests} passed, ${failed} failed, ${skipped} skipped`);
  }
}
