package dsn

import (
	"errors"
	"testing"
)

func TestXtextAsRFC3461HasIt(t *testing.T) {
	tests := []struct{ name, plain, xtext string }{
		{"nothing to encode", "QQ314159", "QQ314159"},
		{"plus", "jane+news@example.net", "jane+2Bnews@example.net"},
		{"equals sign", "a=b", "a+3Db"},
		{"blank and control characters", "a b\r\n", "a+20b+0D+0A"},
		{"UTF-8", "pélé", "p+C3+A9l+C3+A9"},
		{"empty", "", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := EncodeXtext(test.plain); got != test.xtext {
				t.Errorf("encoded: got %q, want %q", got, test.xtext)
			}
			if got, err := DecodeXtext(test.xtext); err != nil || got != test.plain {
				t.Errorf("decoded: got %q, %v, want %q", got, err, test.plain)
			}
		})
	}
	if got, err := DecodeXtext("a+2bb c=d"); err != nil || got != "a+b c=d" {
		t.Errorf("leniently: got %q, %v", got, err)
	}
	for _, in := range []string{"+", "a+", "a+2", "a+2G", "a+G2", "++2B"} {
		if got, err := DecodeXtext(in); !errors.Is(err, ErrXtext) {
			t.Errorf("%q: got %q, %v, want ErrXtext", in, got, err)
		}
	}
}

// FuzzXtext holds that no input panics, that what is encoded is decoded to
// itself, and that it is printable ASCII without "=".
func FuzzXtext(f *testing.F) {
	for _, seed := range []string{"QQ314159+7", "No+2BUser@remote.example", "a=b", "+", "+C3+A9", "pélé \x00\xff"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		encoded := EncodeXtext(in)
		if got, err := DecodeXtext(encoded); err != nil || got != in {
			t.Fatalf("%q is encoded as %q and decoded as %q, %v", in, encoded, got, err)
		}
		for i := 0; i < len(encoded); i++ {
			if c := encoded[i]; c <= ' ' || c >= 0x7f || c == '=' {
				t.Fatalf("%q is encoded as %q", in, encoded)
			}
		}
		if decoded, err := DecodeXtext(in); err == nil {
			if again, err := DecodeXtext(EncodeXtext(decoded)); err != nil || again != decoded {
				t.Fatalf("%q is decoded as %q, then as %q, %v", in, decoded, again, err)
			}
		}
	})
}
