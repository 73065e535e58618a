import assert from 'node:assert/strict';
import { it } from 'node:test';
import { Growing } from '../src/growing.ts';
import { parseStubStatus } from '../src/stub-status.ts';

/** The example of the documentation of ngx_http_stub_status_module. */
const page = `Active connections: 291 
server accepts handled requests
 16630948 16630948 31070465 
Reading: 6 Writing: 179 Waiting: 106 
`;

it('parseStubStatus reads the page of the documentation', () => {
  assert.deepEqual(parseStubStatus(page), {
    accepted: 16630948n,
    handled: 16630948n,
    requests: 31070465n,
    reading: 6n,
    writing: 179n,
    waiting: 106n,
  });
});

it('parseStubStatus refuses every other page', () => {
  for (const text of [
    '',
    '<html>404</html>',
    page.slice(0, 60),
    page.replace('291', '-291'),
    page.replace('31070465', '9'.repeat(400)),
    `${page}${page}`,
  ])
    assert.throws(() => parseStubStatus(text), /not a page of stub_status/);
});

it('Growing goes on where a restarted server begins anew', () => {
  const growing = new Growing();
  assert.deepEqual(growing.add([5n, 10n]), [5n, 10n]);
  assert.deepEqual(growing.add([7n, 12n]), [7n, 12n]);
  assert.deepEqual(growing.add([1n, 3n]), [8n, 15n]);
  assert.deepEqual(growing.add([2n, 12n]), [9n, 24n]);
  assert.deepEqual(growing.add([0n, 0n]), [9n, 24n]);
});
