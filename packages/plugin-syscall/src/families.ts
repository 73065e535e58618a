/**
 * families: the 16 families of system calls, in the order of their slots in the kernel. A call that no list below
 * names is `other`. The lists are the original's, so that numbers compare; they name the older calls, so
 * e.g. newfstatat and ioctl are `other`.
 */
export const families = [
  'other',
  'read',
  'write',
  'poll',
  'lock',
  'time',
  'sleep',
  'socket',
  'yield',
  'filesystem',
  'memory',
  'process',
  'query',
  'ipc',
  'timer',
  'event',
] as const;

type Family = (typeof families)[number];

/** System call numbers by family, per architecture as Node names it. */
const numbers: Readonly<Record<string, Readonly<Partial<Record<Family, readonly number[]>>>>> = {
  x64: {
    read: [0, 17, 19, 45, 47, 295, 299, 327],
    write: [1, 18, 20, 44, 46, 296, 307, 328],
    poll: [7, 23, 213, 214, 215, 232, 233, 270, 271, 281, 291, 441],
    lock: [202],
    time: [96, 159, 164, 201, 227, 228, 229, 305],
    sleep: [35, 230],
    socket: [41, 42, 43, 48, 49, 50, 51, 52, 53, 54, 55, 288],
    yield: [24],
    filesystem: [
      2, 3, 4, 5, 6, 8, 21, 74, 75, 76, 77, 78, 79, 80, 81, 82, 83, 84, 85, 86, 87, 88, 89, 90, 91, 92, 93,
      94, 132, 162, 217, 235, 257, 264, 269, 280, 306, 332,
    ],
    memory: [9, 10, 11, 12, 25, 26, 27, 28, 149, 150, 151, 152],
    process: [
      56, 57, 58, 59, 60, 61, 62, 101, 109, 121, 140, 141, 142, 143, 144, 145, 157, 200, 203, 204, 231, 234,
      247, 322,
    ],
    query: [39, 63, 97, 98, 99, 100, 102, 104, 107, 108, 110, 160, 186, 302, 309],
    ipc: [22, 29, 30, 31, 64, 65, 66, 67, 68, 69, 70, 71, 240, 241, 242, 243, 244, 245, 293],
    timer: [36, 37, 38, 222, 223, 224, 225, 226, 283, 286, 287],
    event: [206, 207, 208, 209, 210, 253, 254, 255, 282, 284, 289, 290, 294, 300, 301, 425, 426, 427],
  },
  arm64: {
    read: [63, 65, 67, 69, 207, 212, 243, 286],
    write: [64, 66, 68, 70, 206, 211, 269, 287],
    poll: [20, 21, 22, 72, 73, 441],
    lock: [98],
    time: [112, 113, 114, 169, 170, 171, 266],
    sleep: [101, 115],
    socket: [198, 199, 200, 201, 202, 203, 204, 205, 208, 209, 210, 242],
    yield: [124],
    filesystem: [17, 38, 45, 46, 48, 49, 50, 52, 55, 56, 57, 61, 62, 80, 81, 82, 83, 88, 267, 291],
    memory: [214, 215, 216, 222, 226, 227, 228, 229, 230, 231, 232, 233],
    process: [
      93, 94, 95, 117, 118, 119, 120, 121, 122, 123, 129, 130, 131, 140, 141, 154, 155, 167, 220, 221, 260,
      281,
    ],
    query: [153, 160, 163, 164, 165, 168, 172, 173, 174, 175, 176, 177, 178, 179, 261],
    ipc: [59, 180, 181, 182, 183, 184, 185, 186, 187, 188, 189, 190, 191, 193, 194, 195, 196, 197],
    timer: [85, 86, 87, 102, 103, 107, 108, 109, 110, 111],
    event: [0, 1, 2, 3, 4, 19, 26, 27, 28, 74, 262, 263, 425, 426, 427],
  },
};

/** exit and exit_group: what enters and never comes out. */
const endings: Readonly<Record<string, readonly number[]>> = { x64: [60, 231], arm64: [93, 94] };

/** neverReturns: set in the table for calls without an exit, which have no latency. */
export const neverReturns = 0x80;

/** familyTable: the slot of each system call number from 0 to 1023, for `families[]` of the BPF object. */
export function familyTable(arch: string = process.arch): Uint8Array {
  const table = new Uint8Array(1024);
  for (const [slot, family] of families.entries()) {
    for (const id of numbers[arch]?.[family] ?? []) table[id] = slot;
  }
  for (const id of endings[arch] ?? []) table[id]! |= neverReturns;
  return table;
}
