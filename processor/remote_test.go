package processor

import (
	"strings"
	"testing"
)

func TestTheRemoteServerIsReadFromTheFieldOrTheText(t *testing.T) {
	long := strings.Repeat("a", maxHost-1)
	for _, test := range []struct{ field, text, name, ip string }{
		{"mx.example.org [192.0.2.7]", "", "mx.example.org", "192.0.2.7"},
		{"mx.example.org", "<a@b>: host mx.example.org[192.0.2.7] said: 550", "mx.example.org", "192.0.2.7"},
		{"mx.example.org", "host other.example[192.0.2.9] said", "mx.example.org", ""},
		{"", "(in reply) host mx1.example [2001:db8::1]: 550", "mx1.example", "2001:db8::1"},
		{"[192.0.2.7]", "", "", "192.0.2.7"},
		{"", "received from localhost [127.0.0.1]", "", ""},
		{"", "the host is down [really]", "", ""},
		{"mx.example.org", "", "mx.example.org", ""},
		{"", "host [", "", ""},
		{"", "from ghost mx.example.org[192.0.2.7]", "", ""},
		{"", "host " + long + "[192.0.2.7] said", long, "192.0.2.7"},
		{"", "host " + long + "x.example[192.0.2.7] said", "", ""},
	} {
		if name, ip := remote(test.field, hostsIn(test.text)); name != test.name || ip != test.ip {
			t.Errorf("remote(%q, %q): got %q %q, want %q %q", test.field, test.text, name, ip, test.name, test.ip)
		}
	}
}
