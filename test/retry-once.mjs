// For CI, where one disturbed test of thousands would reject a change: a test that fails is tried once more, and count-reporter.mjs says so.
import.meta.jest.retryTimes(1, { logErrorsBeforeRetry: true, retryImmediately: true });
