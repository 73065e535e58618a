import { hostname } from 'node:os';
import { expect, test } from 'vitest';
import { allowedHostNames, isAllowedHost, isSameOrigin } from '../src/server/security.ts';

const names = allowedHostNames('viewer.example', ['proxy.example']);

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
])('Host %s is ours', (host) => {
  expect(isAllowedHost(host, names)).toBe(true);
});

test.each([
  undefined,
  '',
  'evil.example',
  'localhost.evil.example',
  'evil.example:80@localhost',
  'localhost/evil.example',
  'localhost:80:80',
  '127.0.0.1.evil.example',
  '[evil.example]',
  '2130706433',
  'localhost\u0000',
  'localhost, evil.example',
  'xn--lcalhost-1ya',
])('Host %j is refused', (host) => {
  expect(isAllowedHost(host, names)).toBe(false);
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
