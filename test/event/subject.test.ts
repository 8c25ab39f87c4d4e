import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { commandSubject, decodeToken, encodeToken, isSubjectMatch } from '../../src/event/index.js';

describe('encodeToken', () => {
  it.each([
    ['10.0.0.7', '10_0_0_7'],
    ['2001:db8::1', '2001:db8::1'],
    ['shop.example.com:443', 'shop_example_com:443'],
    ['my_app *', 'my=5Fapp=20=2A'],
    ['a=b>c', 'a=3Db=3Ec'],
    ['café', 'caf=C3=A9'],
  ])('%s → %s', (text, token) => {
    expect(encodeToken(text)).toBe(token);
    expect(decodeToken(token)).toBe(text);
  });

  it('gives one legal token for any text, and the text back', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, unit: 'binary' }), (text) => {
        const token = encodeToken(text);
        expect(token).toMatch(/^[A-Za-z0-9_:@+=-]+$/);
        expect(decodeToken(token)).toBe(text);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('commandSubject', () => {
  it('has six tokens whatever the names', () => {
    const subject = commandSubject({ application: 'a.b > c', client: '10.0.0.7', verb: 'warm' });
    expect(subject).toBe('foretap.v1.command.a_b=20=3E=20c.10_0_0_7.warm');
    expect(subject.split('.')).toHaveLength(6);
  });
});

describe('isSubjectMatch', () => {
  it.each([
    ['a.b.c', 'a.b.c', true],
    ['a.*.c', 'a.b.c', true],
    ['a.>', 'a.b.c', true],
    ['>', 'a', true],
    ['a.>', 'a', false],
    ['a.*', 'a.b.c', false],
    ['a.b', 'a', false],
    ['a.b.c.>', 'a.b.c', false],
    ['a.>.c', 'a.b.c', false],
  ])('%s against %s: %s', (pattern, subject, isMatch) =>
    expect(isSubjectMatch(pattern, subject)).toBe(isMatch),
  );
});
