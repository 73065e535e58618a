import { describe, expect, it } from 'vitest';
import { compileRegex } from '../src/regex/regex.ts';

const texts = [
  '',
  'a',
  'b',
  'ab',
  'abc',
  'aabb',
  'ABC',
  'a-b',
  'a.b',
  'foo',
  'foobar',
  '/system.slice/x.service',
];
texts.push('123', 'a1', 'a\nb', 'é', '日本', '😀', ' ', 'x'.repeat(40), '_', 'a b', 'aaab', '10.0.0.1:9100');

describe('against the regular expressions of JavaScript', () => {
  it.each([
    'a',
    'a|b',
    '(a|b)*',
    'a+b+',
    '.*',
    '.+',
    'a.b',
    'foo(bar)?',
    '[a-c]+',
    '[^a-c]+',
    '\\d+',
    '\\w+',
    '\\W',
    '[\\d.]+:\\d{4}',
    '/system\\.slice/.+\\.service',
    '(a*)*',
    '(a|aa)+',
    'a{2,3}b',
    'x{40}',
    'x{3,}',
    '(?:a|b)(?:b|c)?c?',
    'a.*?b',
    '^a$',
    'a\\b.*',
    '.*\\Bb',
    '(|a)+',
    '[]a]',
    '[a\\-b]+',
  ])('%s', (pattern) => {
    const ours = compileRegex(pattern);
    // The only difference in these patterns: `[]` is an empty class in JavaScript.
    const theirs = new RegExp(`^(?:${pattern.replace('[]a]', '[\\]a]')})$`, 'su');
    for (const text of texts) expect([text, ours.test(text)]).toEqual([text, theirs.test(text)]);
    for (const text of texts) {
      const match = ours.match(text);
      const groups = theirs.exec(text);
      expect(match === null).toBe(groups === null);
      if (match !== null && !pattern.includes('*)*') && !pattern.includes('(|a)+'))
        expect([...match]).toEqual([...groups!].map((group) => group ?? ''));
    }
  });
});

describe('the syntax of RE2', () => {
  it.each([
    ['(?i)abc', 'aBc', true],
    ['a(?i:B)c', 'abc', true],
    ['a(?i:B)c', 'abC', false],
    ['((?i)x)y', 'Xy', true],
    ['((?i)x)y', 'XY', false],
    ['(?-s).', '\n', false],
    ['.', '\n', true],
    ['[[:alpha:]]+', 'abZ', true],
    ['[[:^digit:]]', '5', false],
    ['\\Qa.b\\E+', 'a.bb', true],
    ['\\x41\\x{1F600}', 'A😀', true],
    ['(?P<n>a)(?<m>b)', 'ab', true],
    ['a{,3}', 'a{,3}', true],
    ['(?U)a+', 'aaa', true],
    ['\\Aa\\z', 'a', true],
  ])('%s on %s', (pattern, text, expected) => {
    expect(compileRegex(pattern).test(text)).toBe(expected);
  });

  it.each([
    '(',
    ')',
    'a**',
    '*a',
    '[a',
    'a{2,1}',
    'a{1001}',
    '(?=a)',
    '(?!a)',
    '\\1',
    '\\',
    '[z-a]',
    '(?P<1',
    '[[:foo:]]',
  ])('refuses %s', (pattern) => {
    expect(() => compileRegex(pattern)).toThrow(
      expect.objectContaining({ name: 'RegexError', unsupported: false }),
    );
  });

  it('says which syntax is not there', () => {
    expect(() => compileRegex('\\pL')).toThrow(expect.objectContaining({ unsupported: true }));
  });
});

it('takes linear time on patterns that make backtracking explode', () => {
  const text = `${'a'.repeat(2000)}b`;
  const started = performance.now();
  for (const pattern of ['(a+)+', '(a|a)*c', '(a*)*c', '(.*)*x', '(a?){30}a{30}c', '(([a-z])+.)+[A-Z]'])
    expect(compileRegex(pattern).test(text)).toBe(false);
  expect(performance.now() - started).toBeLessThan(3000);
});

it('refuses programs that are too large and nesting that is too deep', () => {
  expect(() => compileRegex('((a{1000}){1000}){1000}')).toThrow(/too large/);
  expect(() => compileRegex(`${'('.repeat(5000)}a${')'.repeat(5000)}`)).toThrow(/nested/);
});
