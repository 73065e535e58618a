export { linkObject } from './linker.ts';
export { libbpfVersion } from './native.ts';
export type {
  BpfObjectSpec,
  FieldSpec,
  MapSpec,
  ProgramSpec,
  StructSpec,
  VariableSpec,
} from './spec.ts';
