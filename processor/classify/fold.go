package classify

import (
	"encoding/binary"
	"math/bits"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// fold writes text in the spelling of the phrases: lower case, without accents,
// white space as one blank, and without the addresses and the reply codes, which
// would otherwise stand in the middle of a phrase: servers repeat the code on
// every line of a reply, and name the address anywhere. Bytes that are not UTF-8
// are read as Latin-1. At most limit bytes of text are read.
func fold(text string, limit int) []byte { return appendFolded(nil, text, limit) }

// appendFolded is fold that writes over room.
func appendFolded(room []byte, text string, limit int) []byte {
	text = text[:min(len(text), limit)]
	f := folder{out: room[:0]}
	for i := 0; i < len(text); {
		if text[i] < utf8.RuneSelf {
			i += f.plain(text[i:])
		}
		if i < len(text) {
			i += f.step(text, i)
		}
	}
	return f.out
}

// plain writes the bytes that s begins with and that are folded one by one, and
// returns their number.
func (f *folder) plain(s string) int {
	n, read, last := len(f.out), 0, uint64(' ') // none counts as a blank
	if n > 0 {
		last = uint64(f.out[n-1])
	}
	f.out = slices.Grow(f.out, len(s)+8)
	out := f.out[:cap(f.out)]
	for {
		folded, special := foldPlain(eightBytes(s[read:]), last)
		binary.LittleEndian.PutUint64(out[n:], folded)
		if special != 0 {
			some := bits.TrailingZeros64(special) >> 3
			f.out = out[:n+some]
			return read + some
		}
		n, read, last = n+8, read+8, folded>>56
	}
}

// eightBytes returns the first bytes of s, the first one lowest, and zeros when
// there are fewer.
func eightBytes(s string) (of uint64) {
	if len(s) >= 8 {
		return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
			uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
	}
	for i := range len(s) {
		of |= uint64(s[i]) << (8 * i)
	}
	return of
}

// foldPlain returns eight bytes, which are written behind last, in lower case,
// and the high bits of those that step must see: of several blanks one is written,
// and a code may begin where a word does. The first byte is the lowest.
func foldPlain(of, last uint64) (folded, special uint64) {
	folded = of | within(of, 'A', 'Z')>>2
	before := folded<<8 | last
	again := within(of, ' ', ' ') & within(before, ' ', ' ')
	inWord := within(before, 'a', 'z') | within(before, '0', '9') | within(before, '-', '.')
	return folded, within(of, ' ', '~') ^ highs | within(of, '@', '@') | again | within(of, '2', '5')&^inWord
}

// within returns the high bits of those of eight bytes that are from first to
// last, which are ASCII.
func within(of uint64, first, last byte) uint64 {
	low := of &^ highs // so that no sum reaches the next byte
	return (low + uint64(0x80-first)*each) &^ (low + uint64(0x7f-last)*each) &^ of & highs
}

// folder holds the text written so far, and the reply code that was left out
// first, which marks the later lines of the same reply.
type folder struct {
	out  []byte
	code string
}

// step writes what stands at text[i] and returns the number of bytes read.
func (f *folder) step(text string, i int) int {
	c := text[i]
	switch {
	case c <= ' ' || c == 0x7f:
		f.blank()
		return 1
	case c == '@':
		return f.dropAddress(text, i)
	case c >= '2' && c <= '5' && f.atWord():
		if n := f.replyCode(text[i:]); n > 0 {
			return n
		}
	case c >= utf8.RuneSelf:
		return f.letter(text[i:])
	}
	f.out = append(f.out, c)
	return 1
}

func (f *folder) blank() {
	if n := len(f.out); n > 0 && f.out[n-1] != ' ' {
		f.out = append(f.out, ' ')
	}
}

// atWord reports whether a word may begin here.
func (f *folder) atWord() bool {
	n := len(f.out)
	return n == 0 || !isAlnum(f.out[n-1]) && f.out[n-1] != '.' && f.out[n-1] != '-'
}

// letter writes the character that is no ASCII at the start of s.
func (f *folder) letter(s string) int {
	r, size := utf8.DecodeRuneInString(s)
	if r == utf8.RuneError && size == 1 {
		r = rune(s[0])
	}
	switch {
	case int(r) < len(foldedLetters) && foldedLetters[r] != 0:
		f.out = utf8.AppendRune(f.out, rune(foldedLetters[r]))
	case r >= 0x3041 && r < 0xa000 && r != 0x3099 && r != 0x309a: // the kana and ideographs of East Asia
		f.out = append(f.out, s[:size]...)
	case r == 0xa0 || r == 0x3000 || r < 0xa0:
		f.blank()
	case r == '‘' || r == '’':
		f.out = append(f.out, '\'')
	case unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Mn, r):
		// Soft hyphens, direction marks and accents that stand alone.
	default:
		f.out = utf8.AppendRune(f.out, plain(unicode.ToLower(r)))
	}
	return size
}

// foldedLetters holds what letter writes for the characters of the scripts below
// U+1000, 0 for blanks and for what it leaves out.
var foldedLetters = func() (letters [0x1000]uint16) {
	for r := range rune(len(letters)) {
		if r > 0xa0 && !unicode.Is(unicode.Cf, r) && !unicode.Is(unicode.Mn, r) {
			letters[r] = uint16(plain(unicode.ToLower(r)))
		}
	}
	return letters
}()

// plain returns the letter without its accent.
func plain(r rune) rune {
	if r < 0xe0 || int(r) >= 0xe0+len(plainLatin) {
		return r
	}
	if p := plainLatin[r-0xe0]; p != '.' {
		return rune(p)
	}
	return r
}

// plainLatin holds the plain letters for U+00E0 to U+017F; "." keeps the letter.
const plainLatin = "aaaaaa.ceeeeiiii.nooooo.ouuuuy.y" +
	"aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiii..jjkk.llllllllllnnnnnn...oooooo..rrrrrrssssssss" +
	"ttttttuuuuuuuuuuuuwwyyyzzzzzz."

// dropAddress leaves out the address around the "@" at text[i]: what is written
// of it, and what follows.
func (f *folder) dropAddress(text string, i int) int {
	n := len(f.out)
	if n > 1 && f.out[n-1] == '"' {
		// A quoted local part may hold words.
		if open := strings.LastIndexByte(string(f.out[max(0, n-66):n-1]), '"'); open >= 0 {
			n = max(0, n-66) + open
		}
	}
	for n > 0 && !isDelimiter(f.out[n-1]) {
		n--
	}
	end := i + 1
	for end < len(text) && !isDelimiter(text[end]) && !strings.HasPrefix(text[end:], "..") {
		end++
	}
	if n > 0 && f.out[n-1] == '<' {
		n--
		if end < len(text) && text[end] == '>' {
			end++
		}
	}
	f.out = f.out[:n]
	return end - i
}

// replyCode returns the length of the reply code at the start of s when it is to
// be left out: with an enhanced code ("550 5.1.1", "550-5.1.1"), of a continued
// line ("550-"), at the start, or again the first one; or of a lone enhanced code.
func (f *folder) replyCode(s string) int {
	if n := enhancedLength(s); n > 0 {
		return n
	}
	if len(s) < 4 || !isDigit(s[1]) || !isDigit(s[2]) || s[3] != ' ' && s[3] != '-' {
		return 0
	}
	again := s[:3] == f.code
	if f.code == "" {
		f.code = s[:3]
	}
	if n := enhancedLength(s[4:]); n > 0 {
		return 4 + n
	}
	if s[3] == '-' || again || len(f.out) == 0 {
		return 4
	}
	return 0
}

// enhancedLength returns the length of the enhanced code that s begins with.
func enhancedLength(s string) int {
	if len(s) < 5 || s[0] < '2' || s[0] > '5' || s[1] != '.' || !isDigit(s[2]) || s[3] != '.' || !isDigit(s[4]) {
		return 0
	}
	n := 5
	for n < len(s) && n < 7 && isDigit(s[n]) {
		n++
	}
	if n < len(s) && (isAlnum(lower(s[n])) || s[n] == '.' && n+1 < len(s) && isDigit(s[n+1])) {
		return 0
	}
	return n
}

func isDelimiter(c byte) bool { return delimiters[c] }

var delimiters = func() (are [256]bool) {
	for c := range are {
		are[c] = c <= ' ' || strings.IndexByte(`<>()[]{}",;:='`, byte(c)) >= 0
	}
	return are
}()

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// isAlnum reports whether c, which is folded, is a letter or digit of ASCII.
func isAlnum(c byte) bool { return alnums[c] }

var alnums = func() (are [256]bool) {
	for c := range are {
		are[c] = c >= 'a' && c <= 'z' || isDigit(byte(c))
	}
	return are
}()

func lower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}
