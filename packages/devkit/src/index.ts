export { build, type CheckResult, check } from './build.ts';
export { type Compiled, type CompiledProgram, compile } from './compile.ts';
export { Harness, type HarnessOptions } from './harness.ts';
export { type LoadReport, loadProgram, runLoad } from './loads.ts';
export { show } from './show.ts';
export { type BpfSource, findSources } from './source.ts';
export { findToolchain, type Toolchain } from './toolchain.ts';
