import { appendFileSync, mkdtempSync, readdirSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { DiskQueue } from '../src/push/disk-queue.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rezolus-queue-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const entry = (text: string) => ({ samples: text.length, body: Buffer.from(text) });
const texts = (queue: DiskQueue): string[] => {
  const found: string[] = [];
  for (let next = queue.peek(); next !== null; next = queue.peek()) {
    found.push(Buffer.from(next.body).toString());
    queue.done();
  }
  return found;
};

it('keeps order, also over a restart', () => {
  const queue = new DiskQueue(folder, 1000);
  for (let i = 0; i < 12; i++) queue.push(entry(`request ${i}`));
  expect(Buffer.from(queue.peek()!.body).toString()).toBe('request 0');
  queue.done();
  const again = new DiskQueue(folder, 1000);
  again.push(entry('last'));
  expect(texts(again)).toEqual([...Array.from({ length: 11 }, (_, i) => `request ${i + 1}`), 'last']);
  expect(readdirSync(folder)).toEqual([]);
  expect(again).toMatchObject({ length: 0, bytes: 0, droppedSamples: 0 });
});

it('gives up the oldest beyond its limit and counts them', () => {
  const queue = new DiskQueue(folder, 20);
  for (const text of ['aaaaaaa', 'bbbbbbb', 'ccccccc']) queue.push(entry(text));
  expect(queue).toMatchObject({ length: 2, bytes: 14, droppedSamples: 7 });
  queue.push(entry('d'.repeat(30)));
  expect(queue).toMatchObject({ length: 0, bytes: 0, droppedSamples: 51 });
});

it('gives up what a crash has cut short or somebody changed, and ignores foreign files', () => {
  const queue = new DiskQueue(folder, 1000);
  for (const text of ['first', 'second', 'third']) queue.push(entry(text));
  const [first, second] = readdirSync(folder).sort();
  truncateSync(join(folder, first!), 2);
  appendFileSync(join(folder, second!), 'x');
  for (const name of ['7.writing', 'README']) appendFileSync(join(folder, name), 'x');
  const again = new DiskQueue(folder, 1000);
  expect(texts(again)).toEqual(['third']);
  expect(again.droppedSamples).toBe(11);
  expect(readdirSync(folder)).toEqual(['README']);
});

it('says where it cannot be', () => {
  appendFileSync(join(folder, 'file'), 'x');
  expect(() => new DiskQueue(join(folder, 'file', 'queue'), 1000)).toThrow(
    expect.objectContaining({ code: 'REZ_ERR_PUSH_QUEUE' }),
  );
});
