package delivery

import (
	"crypto/md5"
	"encoding/hex"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// The example of RFC 7616, section 3.9.1, without the client's nonce, which is random.
func TestADigestChallengeIsAnswered(t *testing.T) {
	f := newFixture(t)
	md5Hex := func(text string) string { sum := md5.Sum([]byte(text)); return hex.EncodeToString(sum[:]) }
	s := newSubscriber(t, func(w http.ResponseWriter, r *http.Request) {
		scheme, rest, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		got := parameters(rest)
		want := md5Hex(strings.Join([]string{md5Hex("jane:a \"realm\":s3c:ret"), "n0nce", got["nc"], got["cnonce"], "auth", md5Hex("POST:/hook?a=1")}, ":"))
		if scheme == "Digest" && got["response"] == want && got["uri"] == "/hook?a=1" && got["opaque"] == "o" && got["username"] == "jane" {
			return
		}
		w.Header().Add("WWW-Authenticate", `Basic realm="x"`)
		w.Header().Add("WWW-Authenticate", `Digest realm="a \"realm\"", nonce="n0nce", qop="auth-int, auth", opaque="o", algorithm=MD5`)
		w.WriteHeader(http.StatusUnauthorized)
	})
	wantResult(t, f.send(t.Context(), strings.Replace(s.URL, "http://", "http://jane:s3c%3Aret@", 1)+"/hook?a=1"), Result{Outcome: Delivered, Status: 200})
}

func TestTheExamplesOfDigestAuthentication(t *testing.T) {
	user := url.UserPassword("Mufasa", "Circle Of Life") // RFC 2069, section 2.4, as corrected; for POST
	got := digest(map[string]string{"realm": "testrealm@host.com", "nonce": "dcd98b7102dd2f0e8b11d0f600bfb0c093"}, user, "/dir/index.html")
	sum := func(text string) string { s := md5.Sum([]byte(text)); return hex.EncodeToString(s[:]) }
	want := sum(sum("Mufasa:testrealm@host.com:Circle Of Life") + ":dcd98b7102dd2f0e8b11d0f600bfb0c093:" + sum("POST:/dir/index.html"))
	if parameters(strings.TrimPrefix(got, "Digest "))["response"] != want {
		t.Errorf("got %s", got)
	}
	for name, challenge := range map[string]map[string]string{"an algorithm of tomorrow": {"algorithm": "SHA-512-256"}, "only auth-int": {"qop": "auth-int"}} {
		if got := digest(challenge, user, "/"); got != "" {
			t.Errorf("%s: got %s", name, got)
		}
	}
	if got := digest(map[string]string{"algorithm": "SHA-256", "qop": "auth"}, user, "/"); len(parameters(got)["response"]) != 64 {
		t.Errorf("got %s", got)
	}
}

// FuzzChallenge holds that an endpoint cannot break out of the header that it makes us send.
func FuzzChallenge(f *testing.F) {
	f.Add(`realm="a", nonce="b", qop="auth"`)
	f.Add(`realm="\"`)
	f.Add("realm=\"a\r\nX: y\", opaque=")
	f.Fuzz(func(t *testing.T, text string) {
		got := digest(parameters(text), url.UserPassword("u", "p"), "/")
		if strings.ContainsFunc(got, notInField) {
			t.Errorf("%q", got)
		}
	})
}
