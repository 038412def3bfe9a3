package delivery

import (
	"cmp"
	"encoding/base64"
	"errors"
	"net/url"
	"slices"
	"strings"
)

const (
	// minSecret is the length from which a word of the URL is worth hiding: shorter ones would be found in everything.
	minSecret = 4
	// maxSecret bounds the longest of them: an endpoint has 2 KiB, and base64 or escapes make it longer.
	maxSecret = 8 << 10
)

// secrets are the parts of an endpoint's URL that may be secret. Some servers repeat in their answer what they were asked.
type secrets struct {
	replacer *strings.Replacer
	longest  int
}

func newSecrets(target *url.URL) secrets {
	words := []string{target.EscapedPath(), target.Path, target.RawQuery, target.Fragment}
	if unescaped, err := url.QueryUnescape(target.RawQuery); err == nil {
		words = append(words, unescaped)
	}
	for _, values := range target.Query() {
		for _, value := range values {
			words = append(words, value, url.QueryEscape(value))
		}
	}
	if user := target.User; user != nil {
		password, _ := user.Password()
		words = append(words, user.Username(), password, user.String(), user.Username()+":"+password,
			url.QueryEscape(password), base64.StdEncoding.EncodeToString([]byte(user.Username()+":"+password)))
	}
	words = slices.DeleteFunc(words, func(word string) bool { return len(word) < minSecret })
	slices.SortFunc(words, func(a, b string) int { return cmp.Compare(len(b), len(a)) })
	var s secrets
	pairs := make([]string, 0, 2*len(words))
	for _, word := range words {
		pairs = append(pairs, word, "****")
		s.longest = max(s.longest, len(word))
	}
	s.replacer = strings.NewReplacer(pairs...)
	return s
}

// hide returns the result without the secrets, and with no more of the answer than is kept.
func (s secrets) hide(r Result) Result {
	answer := s.replacer.Replace(r.Answer)
	if len(r.Answer) == maxAnswer+maxSecret { // one may have been cut in two
		answer = answer[:max(0, len(answer)-s.longest)]
	}
	r.Answer = clip(answer)
	if r.Err == nil || errors.Is(r.Err, ErrNotPublic) {
		return r
	}
	if text := r.Err.Error(); s.replacer.Replace(text) != text {
		r.Err = errors.New(s.replacer.Replace(text))
	}
	return r
}
