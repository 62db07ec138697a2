import { describe, expect, test } from 'vitest';
import { piecesOf, plainly } from '../../src/workstation/parts/marks.ts';

describe('text that an agent wrote', () => {
  test.each([
    ['a reversal that hides an extension', 'invoice\u202Efdp.exe', 'invoice⟨RLO⟩fdp.exe'],
    ['isolates', 'a\u2066b\u2069c', 'a⟨LRI⟩b⟨PDI⟩c'],
    ['marks of direction', 'x\u200Fy\u200Ez\u061C', 'x⟨RLM⟩y⟨LRM⟩z⟨ALM⟩'],
    ['a blank of no width', 'pay\u200Bpal', 'pay⟨ZWSP⟩pal'],
    ['a byte order mark', '\uFEFFrm -rf', '⟨BOM⟩rm -rf'],
    ['a soft hyphen', 'de\u00ADlete', 'de⟨SHY⟩lete'],
    ['letters of the tag block', 'ok\u{E0061}\u{E0062}', 'ok⟨U+E0061⟩⟨U+E0062⟩'],
    ['selectors that carry bytes', 'a\u{E0100}\uFE01', 'a⟨U+E0100⟩⟨U+FE01⟩'],
    ['controls of a terminal', 'a\u001b[2Jb\u0008', 'a⟨ESC⟩[2Jb⟨BS⟩'],
    ['a return that overwrites the line', 'safe\rrm', 'safe⟨CR⟩rm'],
    ['separators of lines that are no newline', 'a\u2028b\u2029', 'a⟨LSEP⟩b⟨PSEP⟩'],
    ['fillers of Hangul, and an empty pattern of Braille', '\u3164\u115F\u2800', '⟨U+3164⟩⟨U+115F⟩⟨U+2800⟩'],
    ['what belongs to nobody', '\uE000\uFFFF', '⟨U+E000⟩⟨U+FFFF⟩'],
    ['half a pair', 'a\ud800b', 'a⟨U+D800⟩b'],
    ['joiners where there is no picture', 'a\u200Db\u200C', 'a⟨ZWJ⟩b⟨ZWNJ⟩'],
    ['the colour of a picture that is none', 'a\uFE0F', 'a⟨U+FE0F⟩'],
  ])('shows %s', (_what, text, shown) => {
    expect(plainly(text)).toBe(shown);
  });

  test.each([
    ['lines and tabs', 'a\n\tb'],
    ['lines as Windows ends them', 'a\r\nb', 'a\nb'],
    ['emoji made of several', '👩‍💻 👍🏽 ❤️ 🏳️‍🌈 1️⃣'],
    ['other scripts', 'שלום مرحبا 你好 привет e\u0301'],
    ['markup, as text', '<img src=x onerror=alert(1)> &amp; [x](javascript:alert(1))'],
  ])('leaves %s alone', (_what, text, shown = text) => {
    expect(piecesOf(text)).toEqual([{ kind: 'text', text: shown }]);
  });

  test('cuts short letters that pile up marks', () => {
    expect(plainly(`a${'\u0300'.repeat(7)}b`)).toBe(`a${'\u0300'.repeat(4)}${'⟨U+0300⟩'.repeat(3)}b`);
  });

  test.each([
    ['with where it leads', 'see https://example.com/a?b=1.', 'https://example.com/a?b=1', 'example.com'],
    ['by the letters that are looked up', 'https://аpple.com', 'https://аpple.com', 'xn--pple-43d.com'],
    ['up to a bracket', '(http://example.com:8080/x)', 'http://example.com:8080/x', 'example.com:8080'],
    ['up to a hidden character', 'https://a.example\u200B.evil.example', 'https://a.example', 'a.example'],
  ])('finds a link %s', (_what, text, link, host) => {
    expect(piecesOf(text).find(({ kind }) => kind === 'link')).toMatchObject({ text: link, host });
  });

  test.each([
    ['hides its host behind a name', 'https://bank.example@evil.example/'],
    ['runs a script', 'javascript:alert(1)'],
    ['carries data', 'data:text/html,<script>alert(1)</script>'],
    ['opens a file', 'file:///etc/passwd'],
    ['is of no scheme', '//evil.example'],
  ])('makes no link of what %s', (_what, text) => {
    expect(piecesOf(text).some(({ kind }) => kind === 'link')).toBe(false);
  });

  test('leaves nothing out: the pieces together are the text', () => {
    const text = 'a https://x.example/ b\u202Ec https://y.example';
    const whole = piecesOf(text)
      .map((piece) =>
        piece.kind === 'mark' ? String.fromCodePoint(parseInt(piece.code.slice(2), 16)) : piece.text,
      )
      .join('');
    expect(whole).toBe(text);
  });
});
