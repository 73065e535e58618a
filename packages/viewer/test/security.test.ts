import { hostname } from 'node:os';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { isSameOrigin } from '../src/server/security.ts';
import { memorySource, startTest, type TestViewer } from './support.ts';

let viewer: TestViewer;
beforeAll(async () => {
  viewer = await startTest(memorySource(1), { allowedHosts: ['viewer.example', 'proxy.example'] });
});
afterAll(() => viewer[Symbol.asyncDispose]());

const statusFor = async (host: string) => (await viewer.call('/api/v1/labels', { headers: { host } })).status;

test.each([
  'localhost',
  'LocalHost:4242',
  '127.0.0.1:1',
  '192.168.1.5:8080',
  '[::1]',
  '[fe80::1]:8080',
  hostname(),
  'viewer.example:80',
  'proxy.example',
])('Host %s is ours', async (host) => {
  expect(await statusFor(host)).toBe(200);
});

test.each([
  'evil.example',
  'localhost.evil.example',
  'evil.example:80@localhost',
  'localhost/evil.example',
  'localhost:80:80',
  '127.0.0.1.evil.example',
  '[evil.example]',
  '2130706433',
  'localhost, evil.example',
  'xn--lcalhost-1ya',
])('Host %j is refused', async (host) => {
  expect(await statusFor(host)).toBe(403);
});

test.each([
  ['a program', 'POST', {}, true],
  ['our page', 'POST', { origin: 'http://localhost:1', 'sec-fetch-site': 'same-origin' }, true],
  ['our page behind TLS', 'POST', { origin: 'https://localhost:1' }, true],
  ['the address bar', 'GET', { 'sec-fetch-site': 'none', 'sec-fetch-mode': 'navigate' }, true],
  ['a link from elsewhere', 'GET', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' }, true],
  ['a script from elsewhere', 'GET', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' }, false],
  ['another port of this host', 'GET', { 'sec-fetch-site': 'same-site' }, false],
  ['a form from elsewhere', 'POST', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' }, false],
  ['an old browser elsewhere', 'POST', { origin: 'http://evil.example' }, false],
  ['another port', 'POST', { origin: 'http://localhost:2' }, false],
  ['a sandboxed frame', 'POST', { origin: 'null' }, false],
] as const)('a request of %s (%s)', (_who, method, headers, allowed) => {
  expect(isSameOrigin({ method, headers: { host: 'localhost:1', ...headers } })).toBe(allowed);
});
