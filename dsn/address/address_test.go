package address

import (
	"errors"
	"strings"
	"testing"
)

func TestParseFindsTheOneAddress(t *testing.T) {
	long := strings.Repeat("a", 250) + "@" + strings.Repeat("b.", 29) + "example"
	tests := []struct{ name, in, want string }{
		{"bare", "jane@example.net", "jane@example.net"},
		{"angle brackets", "<jane@example.net>", "jane@example.net"},
		{"display name", "Jane Doe <jane@example.net>", "jane@example.net"},
		{"quoted display name with brackets", `"Jane <boss@x>" <jane@example.net>`, "jane@example.net"},
		{"display name that is an address", "jane@work.example <jane@example.net>", "jane@example.net"},
		{"display name with brackets", "Jane <home> <jane@example.net>", "jane@example.net"},
		{"comment after", "jane@example.net (Jane)", "jane@example.net"},
		{"comment before", "(a (nested) comment) jane@example.net", "jane@example.net"},
		{"comment with an escaped bracket", `jane@example.net (\))`, "jane@example.net"},
		{"comment never closed", "Jane (home <jane@example.net>", "jane@example.net"},
		{"two brackets", "<<jane@example.net>>", "jane@example.net"},
		{"blanks", "  < jane@example.net >\t", "jane@example.net"},
		{"source route, RFC 5321 appendix C", "<@a.example,@b.example:jane@example.net>", "jane@example.net"},
		{"full stop after", "jane@example.net.", "jane@example.net"},
		{"tag", "jane+news@example.net", "jane+news@example.net"},
		{"VERP", "bounces+jane=example.net@example.org", "bounces+jane=example.net@example.org"},
		{"quoted local part, RFC 5321 section 4.1.2", `"jane doe"@example.net`, `"jane doe"@example.net`},
		{"quoted at sign", `<"a@b"@example.net>`, `"a@b"@example.net`},
		{"quoted bracket", `<"a>b"@example.net>`, `"a>b"@example.net`},
		{"dots where RFC 5321 has none", "jane..doe.@mobile.example", "jane..doe.@mobile.example"},
		{"UTF-8, RFC 6531", "pélé@exämple.example", "pélé@exämple.example"},
		{"literal, RFC 5321 section 4.1.3", "jane@[192.0.2.1]", "jane@[192.0.2.1]"},
		{"IPv6 literal", "jane@[IPv6:2001:db8::1]", "jane@[IPv6:2001:db8::1]"},
		{"domain of one label", "root@localhost", "root@localhost"},
		{"underscore in the domain", "jane@my_host.example", "jane@my_host.example"},
		{"slashes", "/G=Jane/S=Doe/@gateway.example", "/G=Jane/S=Doe/@gateway.example"},
		{"long", long, long},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := Parse(test.in)
			if err != nil || got != test.want {
				t.Errorf("got %q, %v, want %q", got, err, test.want)
			}
		})
	}
}

func TestParseRefusesWhatIsNoAddress(t *testing.T) {
	for _, in := range []string{
		"", " ", "@", "jane", "jane@", "@example.net", "<>", "MAILER-DAEMON <>", "Courier <@>",
		"a@b@c", "jane doe@example.net", "a@b, c@d", "A <a@b>, C <c@d>", "jane@exam ple.net", "jane@example..net",
		"jane@.example", "jane\x00@example.net", "jane\r\n@example.net", "ja\u200bne@exa\u0085mple.net", "jane@[192.0.2.1",
		"jane@[mx.example]", "jane@ex!ample.net", "\"jane@example.net", "\"\"@example.net", "j\xffne@example.net", "undisclosed-recipients:;",
		"jane@" + strings.Repeat("a", 64) + ".example", strings.Repeat("a", 320) + "@example.net", strings.Repeat("(", 5000) + "a@b",
	} {
		if got, err := Parse(in); !errors.Is(err, ErrInvalid) {
			t.Errorf("Parse(%q): got %q, %v, want ErrInvalid", in, got, err)
		}
	}
}

func TestNormalizeKeepsTheLocalPartAndMapsTheDomain(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"as it is", "jane@example.net", "jane@example.net"},
		{"domain in lower case", "Jane+News@Example.NET", "Jane+News@example.net"},
		{"A-labels, RFC 5890", "jane@Exämple.example", "jane@xn--exmple-cua.example"},
		{"sharp s is no double s", "jane@straße.example", "jane@xn--strae-oqa.example"},
		{"A-labels stay", "jane@XN--exmple-cua.example", "jane@xn--exmple-cua.example"},
		{"ideographic full stop", "jane@例え。example", "jane@xn--r8jz45g.example"},
		{"full stop at the end", "jane@example.net.", "jane@example.net"},
		{"quotes stay", `"Jane"@example.net`, `"Jane"@example.net`},
		{"UTF-8 local part", "Pélé@example.net", "Pélé@example.net"},
		{"literal", "jane@[IPv6:2001:DB8::1]", "jane@[ipv6:2001:db8::1]"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := Normalize(test.in)
			if err != nil || got != test.want {
				t.Errorf("got %q, %v, want %q", got, err, test.want)
			}
		})
	}
}

func TestEqualHoldsForSpellingsOfOneAddress(t *testing.T) {
	tests := []struct {
		a, b string
		want bool
	}{
		{"jane@example.net", "jane@example.net", true},
		{"jane@example.net", "Jane Doe <JANE@EXAMPLE.NET>", true},
		{`"jane"@example.net`, "jane@example.net", true},
		{`"j\ane"@example.net`, "jane@example.net", true},
		{`"jane doe"@example.net`, "janedoe@example.net", false},
		{"jane@exämple.example", "jane@xn--exmple-cua.example", true},
		{"pe\u0301le\u0301@example.net", "pélé@example.net", true},
		{"jane+news@example.net", "jane@example.net", false},
		{"jane.doe@example.net", "janedoe@example.net", false},
		{"jean-luc@example.net", "jean-marc@example.net", false},
		{"jane", "jane", false},
		{"jane@example.net", "", false},
		{"", "jane@example.net", false},
	}
	for _, test := range tests {
		if got := Equal(test.a, test.b); got != test.want {
			t.Errorf("Equal(%q, %q): got %v, want %v", test.a, test.b, got, test.want)
		}
	}
}

func TestDomainIsLowerCase(t *testing.T) {
	for in, want := range map[string]string{
		"Jane <jane@Example.NET>": "example.net", "jane@exämple.example": "xn--exmple-cua.example",
		"jane@[192.0.2.1]": "[192.0.2.1]", "jane": "", "": "", "jane@xn--\u00e4.example": "",
	} {
		if got := Domain(in); got != want {
			t.Errorf("Domain(%q): got %q, want %q", in, got, want)
		}
	}
}

func TestKeyOfAPlainAddressAllocatesNothing(t *testing.T) {
	if n := testing.AllocsPerRun(100, func() { _, _ = Key("jane+news@example.net") }); n > 0 {
		t.Errorf("got %v allocations, want 0", n)
	}
}

// FuzzAddress holds that no input panics, that what Parse finds is one bare
// address within the bound, that Normalize and Key do not change their own
// results, and that an address equals its own forms.
func FuzzAddress(f *testing.F) {
	for _, seed := range []string{
		"jane@example.net", "Jane <Jane@Example.NET>", `"a \"b"@example.net`, "<@a,@b:c@d>", "(c) a@b (d)", "pélé@exämple.example",
		"MAILER-DAEMON <>", "<@>", "a@[IPv6:::1]", "İ@example.net", "\u037e@b", "\"\\\\\"@b",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		spec, err := Parse(in)
		if err != nil {
			return
		}
		if !IsAddress(spec) || len(spec) > maxLength || strings.ContainsAny(spec, "\r\n\x00") {
			t.Fatalf("Parse(%q) gave %q", in, spec)
		}
		normal, err := Normalize(in)
		if err != nil {
			return
		}
		if again, err := Normalize(normal); err != nil || again != normal {
			t.Fatalf("Normalize(%q) gave %q, then %q, %v", in, normal, again, err)
		}
		key, err := Key(in)
		if err != nil {
			t.Fatalf("Key(%q): %v", in, err)
		}
		if len(key) > maxLength {
			return
		}
		if again, err := Key(key); err != nil || again != key {
			t.Fatalf("Key(%q) gave %q, then %q, %v", in, key, again, err)
		}
		if isKey(in) && (normal != in || strings.ToLower(in) != in || unquote(in) != in) {
			t.Fatalf("%q was taken for its own key, and its normal form is %q", in, normal)
		}
		if !Equal(in, normal) || !Equal(normal, key) {
			t.Fatalf("%q, %q and %q are not equal", in, normal, key)
		}
	})
}
