export { build, type CheckResult, check } from './build.ts';
export { type Compiled, type CompiledProgram, compile } from './compile.ts';
export { describeObject, type ObjectDescription } from './describe.ts';
export { type BpfSource, findSources } from './source.ts';
export { findToolchain, type Toolchain } from './toolchain.ts';
