package delivery

import (
	"crypto/md5"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"net/http"
	"net/url"
	"strings"
)

// answerChallenge returns the value of Authorization that answers a 401 with the credentials of the URL, or "" when the endpoint asks for
// something that we do not know. Digest goes before Basic, because it does not tell the password.
func answerChallenge(r *http.Response, user *url.Userinfo) string {
	basic := false
	for _, challenge := range r.Header.Values("WWW-Authenticate") {
		scheme, rest, _ := strings.Cut(strings.TrimSpace(challenge), " ")
		switch {
		case strings.EqualFold(scheme, "Digest"):
			if answer := digest(parameters(rest), user, r.Request.URL.RequestURI()); answer != "" {
				return answer
			}
		case strings.EqualFold(scheme, "Basic"):
			basic = true
		}
	}
	if !basic {
		return ""
	}
	password, _ := user.Password()
	request := http.Request{Header: http.Header{}}
	request.SetBasicAuth(user.Username(), password)
	return request.Header.Get("Authorization")
}

// digest answers a challenge of RFC 7616 with qop=auth, or that of RFC 2069 without qop, over MD5 or SHA-256.
func digest(challenge map[string]string, user *url.Userinfo, uri string) string {
	var newHash func() hash.Hash
	switch algorithm := strings.ToUpper(challenge["algorithm"]); algorithm {
	case "", "MD5":
		newHash = md5.New
	case "SHA-256":
		newHash = sha256.New
	default:
		return ""
	}
	sum := func(parts ...string) string {
		h := newHash()
		h.Write([]byte(strings.Join(parts, ":")))
		return hex.EncodeToString(h.Sum(nil))
	}
	password, _ := user.Password()
	secret, request := sum(user.Username(), challenge["realm"], password), sum(http.MethodPost, uri)
	var out strings.Builder
	quoted := func(name, value string) {
		out.WriteString(name + `="` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(value) + `", `)
	}
	out.WriteString("Digest ")
	quoted("username", user.Username())
	quoted("realm", challenge["realm"])
	quoted("nonce", challenge["nonce"])
	quoted("uri", uri)
	if opaque, ok := challenge["opaque"]; ok {
		quoted("opaque", opaque)
	}
	if algorithm, ok := challenge["algorithm"]; ok {
		out.WriteString("algorithm=" + algorithm + ", ")
	}
	answer := sum(secret, challenge["nonce"], request)
	if offered, ok := challenge["qop"]; ok {
		if !offersAuth(offered) {
			return ""
		}
		var random [16]byte
		rand.Read(random[:]) // never fails (crypto/rand)
		cnonce := hex.EncodeToString(random[:])
		out.WriteString("qop=auth, nc=00000001, ")
		quoted("cnonce", cnonce)
		answer = sum(secret, challenge["nonce"], "00000001", cnonce, "auth", request)
	}
	return out.String() + `response="` + answer + `"`
}

func offersAuth(qop string) bool {
	for option := range strings.SplitSeq(qop, ",") {
		if strings.EqualFold(strings.TrimSpace(option), "auth") {
			return true
		}
	}
	return false
}

// parameters reads name=value and name="value" separated by commas (RFC 9110, section 11.2); what is broken is left out.
func parameters(text string) map[string]string {
	found := map[string]string{}
	for text != "" {
		name, rest, ok := strings.Cut(text, "=")
		if !ok {
			break
		}
		name = strings.ToLower(strings.Trim(name, " \t,"))
		rest = strings.TrimLeft(rest, " \t")
		var value strings.Builder
		if !strings.HasPrefix(rest, `"`) {
			plain, after, _ := strings.Cut(rest, ",")
			value.WriteString(strings.TrimSpace(plain))
			rest = after
		} else {
			i := 1
			for ; i < len(rest) && rest[i] != '"'; i++ {
				if rest[i] == '\\' && i+1 < len(rest) {
					i++
				}
				value.WriteByte(rest[i])
			}
			rest = rest[min(i+1, len(rest)):]
		}
		if !strings.ContainsFunc(value.String(), notInField) {
			found[name] = value.String()
		}
		text = rest
	}
	return found
}
