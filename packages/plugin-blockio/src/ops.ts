/** ops: the operations that are measured, in the order of their slots in the kernel (`enum` in blockio.bpf.c). */
export const ops = ['read', 'write', 'flush', 'discard'] as const;
