// Jest's environment for Node with a global object of V8's own. Jest's is a Proxy, so that Math, Object or Infinity in a test, and in
// what it tests, is looked up by a call into JavaScript each time: tests that compute take two to three times as long. Node 20 has such
// objects from 20.18 on; before, the environment is Jest's.
import vm from "node:vm";
import { TestEnvironment } from "jest-environment-node";

const { createContext } = vm;

export default class VanillaEnvironment extends TestEnvironment {
  constructor(...given) {
    vm.createContext = () => createContext(vm.constants?.DONT_CONTEXTIFY);
    try {
      super(...given);
    } finally {
      vm.createContext = createContext;
    }
  }
}
