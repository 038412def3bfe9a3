package sigv4

import (
	"encoding/hex"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	algorithm  = "AWS4-HMAC-SHA256"
	terminator = "aws4_request"
	timeLayout = "20060102T150405Z"

	// maxAuthorization bounds the part of a request that names its signature, in bytes. The longest of the known clients has 400.
	maxAuthorization = 8 << 10
	// maxSigned bounds the names of signed headers; clients sign up to ten.
	maxSigned = 64
	// maxExpires is the longest that a pre-signed request may live, in seconds.
	maxExpires = 7 * 24 * 3600
)

// Signature is what a request says about its signature.
type Signature struct {
	KeyID   string // of the access key that the request claims to be signed with
	Region  string
	Service string // such as "ses" or "sns"

	date      string // of the scope, yyyymmdd
	signed    []string
	sum       []byte
	at        time.Time
	stamp     string        // at, as the request has it
	presigned bool          // the signature stands in the query
	life      time.Duration // of a pre-signed request
}

// Parse reads what a request says about its signature, and verifies nothing. The error is an *Error: ErrMissing for a request that is not
// signed.
func Parse(r *http.Request) (*Signature, error) {
	if header := r.Header.Get("Authorization"); header != "" {
		return parseHeader(r, header)
	}
	if strings.Contains(r.URL.RawQuery, "X-Amz-Algorithm=") {
		return parseQuery(r.URL.Query())
	}
	return nil, ErrMissing
}

func parseHeader(r *http.Request, header string) (*Signature, error) {
	name, rest, _ := strings.Cut(strings.TrimSpace(header), " ")
	if len(header) > maxAuthorization || name != algorithm {
		return nil, incomplete("Unsupported authorization: sign with " + algorithm + ".")
	}
	fields := map[string]string{}
	for part := range strings.SplitSeq(rest, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		if _, twice := fields[name]; twice {
			return nil, incomplete("Authorization header has '" + name + "' twice.")
		}
		fields[name] = value
	}
	for _, name := range []string{"Credential", "Signature", "SignedHeaders"} {
		if fields[name] == "" {
			return nil, incomplete("Authorization header requires '" + name + "' parameter.")
		}
	}
	s := &Signature{stamp: r.Header.Get("X-Amz-Date")}
	var err error
	if s.stamp != "" {
		s.at, err = time.Parse(timeLayout, s.stamp)
	} else if s.at, err = http.ParseTime(r.Header.Get("Date")); err == nil {
		s.stamp = s.at.UTC().Format(timeLayout)
	}
	if err != nil {
		return nil, incomplete("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header, in the form " + timeLayout + ".")
	}
	return s, s.fill(fields["Credential"], fields["SignedHeaders"], fields["Signature"])
}

func parseQuery(query url.Values) (*Signature, error) {
	for _, name := range []string{"X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires", "X-Amz-SignedHeaders", "X-Amz-Signature"} {
		if values := query[name]; len(values) != 1 || len(values[0]) > maxAuthorization {
			return nil, incomplete("AWS query-string parameters must include '" + name + "' once.")
		}
	}
	if query.Get("X-Amz-Algorithm") != algorithm {
		return nil, incomplete("Unsupported algorithm: sign with " + algorithm + ".")
	}
	s := &Signature{presigned: true, stamp: query.Get("X-Amz-Date")}
	var err error
	if s.at, err = time.Parse(timeLayout, s.stamp); err != nil {
		return nil, incomplete("'X-Amz-Date' must be in the form " + timeLayout + ".")
	}
	seconds, err := strconv.Atoi(query.Get("X-Amz-Expires"))
	if err != nil || seconds < 1 || seconds > maxExpires {
		return nil, incomplete("'X-Amz-Expires' must be a number of seconds from 1 to " + strconv.Itoa(maxExpires) + ".")
	}
	s.life = time.Duration(seconds) * time.Second
	return s, s.fill(query.Get("X-Amz-Credential"), query.Get("X-Amz-SignedHeaders"), query.Get("X-Amz-Signature"))
}

// fill reads what both forms have.
func (s *Signature) fill(credential, signedHeaders, signature string) error {
	scope := strings.Split(credential, "/")
	if len(scope) != 5 || scope[4] != terminator || slices.Contains(scope, "") {
		return incomplete("Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/" + terminator + ".")
	}
	s.KeyID, s.date, s.Region, s.Service = scope[0], scope[1], scope[2], scope[3]
	if s.signed = strings.Split(signedHeaders, ";"); len(s.signed) > maxSigned {
		return incomplete("'SignedHeaders' names more than " + strconv.Itoa(maxSigned) + " headers.")
	}
	sum, err := hex.DecodeString(signature)
	if err != nil || len(sum) != 32 {
		return incomplete("'Signature' must be 64 hexadecimal digits.")
	}
	s.sum = sum
	return nil
}
