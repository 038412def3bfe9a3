package sigv4

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// skew is how far the clock of a client may be off, as at AWS.
const skew = 15 * time.Minute

// unsignedPayload stands in place of the body's hash when the client leaves the body to TLS.
const unsignedPayload = "UNSIGNED-PAYLOAD"

// Verify checks that the request with this body was signed with the secret, not long ago: within 15 minutes, or within the life of a
// pre-signed request. Host and all X-Amz- headers must be signed. The error is an *Error. The time that a comparison takes does not tell
// how much of a signature is right.
func (s *Signature) Verify(r *http.Request, body []byte, secret string, now time.Time) error {
	if err := s.checkTime(now); err != nil {
		return err
	}
	if err := s.checkHeaders(r); err != nil {
		return err
	}
	hash, err := payloadHash(r, body)
	if err != nil {
		return err
	}
	canonical := strings.Join([]string{r.Method, canonicalPath(r.URL), s.canonicalQuery(r.URL.RawQuery), s.canonicalHeaders(r),
		strings.Join(s.signed, ";"), hash}, "\n")
	scope := strings.Join([]string{s.date, s.Region, s.Service, terminator}, "/")
	digest := sha256.Sum256([]byte(canonical))
	want := mac(s.key(secret), strings.Join([]string{algorithm, s.stamp, scope, hex.EncodeToString(digest[:])}, "\n"))
	if !hmac.Equal(want, s.sum) {
		return ErrMismatch
	}
	return nil
}

func (s *Signature) checkTime(now time.Time) error {
	if s.at.UTC().Format("20060102") != s.date {
		return mismatch("Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '" + s.date + "' != '" + s.stamp[:8] + "', from '" + s.stamp + "'.")
	}
	stamp := now.UTC().Format(timeLayout)
	if s.at.After(now.Add(skew)) {
		return mismatch("Signature not yet current: " + s.stamp + " is still later than " + now.Add(skew).UTC().Format(timeLayout) + " (" + stamp + " + 15 min.)")
	}
	if s.presigned && now.After(s.at.Add(s.life)) {
		return mismatch("Signature expired: " + stamp + " is later than " + s.at.Add(s.life).UTC().Format(timeLayout))
	}
	if !s.presigned && s.at.Before(now.Add(-skew)) {
		return mismatch("Signature expired: " + s.stamp + " is now earlier than " + now.Add(-skew).UTC().Format(timeLayout) + " (" + stamp + " - 15 min.)")
	}
	return nil
}

func (s *Signature) checkHeaders(r *http.Request) error {
	if !slices.Contains(s.signed, "host") {
		return mismatch("'Host' must be a 'SignedHeader' in the AWS Authorization.")
	}
	for name := range r.Header {
		name = strings.ToLower(name)
		if strings.HasPrefix(name, "x-amz-") && !slices.Contains(s.signed, name) {
			return mismatch("'" + name + "' must be a 'SignedHeader' in the AWS Authorization.")
		}
	}
	return nil
}

func payloadHash(r *http.Request, body []byte) (string, error) {
	sum := sha256.Sum256(body)
	hash := hex.EncodeToString(sum[:])
	claimed := r.Header.Get("X-Amz-Content-Sha256")
	if claimed == unsignedPayload {
		return unsignedPayload, nil
	}
	if claimed != "" && subtle.ConstantTimeCompare([]byte(claimed), []byte(hash)) != 1 {
		return "", ErrMismatch
	}
	return hash, nil
}

// canonicalPath encodes the path once more.
func canonicalPath(u *url.URL) string {
	if path := u.EscapedPath(); path != "" {
		return escape(path, "/")
	}
	return "/"
}

// canonicalQuery sorts the parameters by name and value, all but the signature itself. What is encoded wrongly is taken as it stands.
func (s *Signature) canonicalQuery(raw string) string {
	var pairs [][2]string
	for part := range strings.SplitSeq(raw, "&") {
		name, value, _ := strings.Cut(part, "=")
		if part == "" || s.presigned && name == "X-Amz-Signature" {
			continue
		}
		pairs = append(pairs, [2]string{escape(unescape(name), ""), escape(unescape(value), "")})
	}
	slices.SortFunc(pairs, func(a, b [2]string) int { return slices.Compare(a[:], b[:]) })
	var out strings.Builder
	for i, pair := range pairs {
		if i > 0 {
			out.WriteByte('&')
		}
		out.WriteString(pair[0] + "=" + pair[1])
	}
	return out.String()
}

// canonicalHeaders writes the signed headers in the order in which they are named. Of two, net/http takes away the field and keeps the value.
func (s *Signature) canonicalHeaders(r *http.Request) string {
	var out strings.Builder
	for _, name := range s.signed {
		values := r.Header.Values(name)
		switch {
		case name == "host":
			values = []string{r.Host}
		case name == "content-length" && len(values) == 0:
			values = []string{strconv.FormatInt(r.ContentLength, 10)}
		}
		out.WriteString(name + ":")
		for i, value := range values {
			if i > 0 {
				out.WriteByte(',')
			}
			out.WriteString(strings.Join(strings.Fields(value), " "))
		}
		out.WriteByte('\n')
	}
	return out.String()
}

func (s *Signature) key(secret string) []byte {
	key := []byte("AWS4" + secret)
	for _, part := range []string{s.date, s.Region, s.Service, terminator} {
		key = mac(key, part)
	}
	return key
}

func mac(key []byte, text string) []byte {
	hash := hmac.New(sha256.New, key)
	hash.Write([]byte(text))
	return hash.Sum(nil)
}

func unescape(text string) string {
	if plain, err := url.QueryUnescape(text); err == nil {
		return plain
	}
	return text
}

// escape encodes all bytes but letters, digits, "-", "_", ".", "~" and those in kept.
func escape(text, kept string) string {
	const digits = "0123456789ABCDEF"
	var out strings.Builder
	for i := range len(text) {
		c := text[i]
		letter := 'a' <= c|0x20 && c|0x20 <= 'z'
		if letter || '0' <= c && c <= '9' || strings.IndexByte("-_.~", c) >= 0 || strings.IndexByte(kept, c) >= 0 {
			out.WriteByte(c)
			continue
		}
		out.WriteString("%" + string(digits[c>>4]) + string(digits[c&15]))
	}
	return out.String()
}
