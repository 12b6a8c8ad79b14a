#!/usr/bin/env node
/** What `servesim` starts. The program itself is in bundles beside this file, compiled ahead (code-cache.ts). */
import type * as Program from "./program.js";
import { BundleLoader } from "./code-cache.js";

const { runProgram } = new BundleLoader().load("cli/program.cjs") as typeof Program;
void runProgram();
