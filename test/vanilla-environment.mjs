// Jest's environment for Node with a global object of V8's own. Jest's is a Proxy, so that Math, Object or Infinity in a test, and in
// what it tests, is looked up by a call into JavaScript each time: forty times slower, which
// doubles and trebles the time of tests that compute.
import vm from "node:vm";
import { TestEnvironment } from "jest-environment-node";

const { createContext } = vm;

export default class VanillaEnvironment extends TestEnvironment {
  constructor(...given) {
    vm.createContext = () => createContext(vm.constants.DONT_CONTEXTIFY);
    try {
      super(...given);
    } finally {
      vm.createContext = createContext;
    }
  }
}
