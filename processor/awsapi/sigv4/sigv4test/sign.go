// Package sigv4test signs requests as clients of AWS do, for tests. It shares no code with the verifier.
package sigv4test

import (
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/url"
	"sort"
	"strings"
	"time"
)

// Signer holds what a client knows.
type Signer struct {
	KeyID, Secret, Region, Service string
}

// Sign adds X-Amz-Date and Authorization to a request with this body. It signs the host, Content-Type and all X-Amz- headers;
// X-Amz-Content-Sha256 stands for the hash of the body when it is there.
func (s Signer) Sign(r *http.Request, body string, at time.Time) {
	r.Header.Set("X-Amz-Date", at.UTC().Format("20060102T150405Z"))
	headers := map[string]string{"host": r.URL.Host}
	if r.Host != "" {
		headers["host"] = r.Host
	}
	for name, values := range r.Header {
		if name = strings.ToLower(name); name == "content-type" || strings.HasPrefix(name, "x-amz-") {
			headers[name] = strings.Join(values, ",")
		}
	}
	var names []string
	for name := range headers {
		names = append(names, name)
	}
	sort.Strings(names)
	lines := ""
	for _, name := range names {
		lines += name + ":" + strings.TrimSpace(headers[name]) + "\n"
	}
	path := "/"
	if escaped := r.URL.EscapedPath(); escaped != "" {
		path = strings.NewReplacer("+", "%20", "%2F", "/").Replace(url.QueryEscape(escaped)) // once more than it is already
	}
	signed := strings.Join(names, ";")
	query := strings.ReplaceAll(r.URL.Query().Encode(), "+", "%20")
	payload := r.Header.Get("X-Amz-Content-Sha256")
	if payload == "" {
		payload = fmt.Sprintf("%x", sha256.Sum256([]byte(body)))
	}
	request := strings.Join([]string{r.Method, path, query, lines, signed, payload}, "\n")
	scope := fmt.Sprintf("%s/%s/%s/aws4_request", at.UTC().Format("20060102"), s.Region, s.Service)
	text := fmt.Sprintf("AWS4-HMAC-SHA256\n%s\n%s\n%x", r.Header.Get("X-Amz-Date"), scope, sha256.Sum256([]byte(request)))
	key := "AWS4" + s.Secret
	for part := range strings.SplitSeq(scope, "/") {
		key = hash(key, part)
	}
	r.Header.Set("Authorization", fmt.Sprintf("AWS4-HMAC-SHA256 Credential=%s/%s, SignedHeaders=%s, Signature=%x", s.KeyID, scope, signed, hash(key, text)))
}

func hash(key, text string) string {
	h := hmac.New(sha256.New, []byte(key))
	h.Write([]byte(text))
	return string(h.Sum(nil))
}
