package query

import (
	"maps"
	"mime"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

const (
	// maxParameters bounds the parameters of one call. The largest call of SNS, a batch of ten messages with attributes, has fewer.
	maxParameters = 4096
	// maxName bounds the name of a parameter, in bytes.
	maxName = 256
)

// Values are the parameters of one call, or of one structure within them, by name: "TopicArn", "Tags.member.1.Key". A value that stands
// alone in a list has the name "".
type Values map[string]string

// Parse reads the parameters of a call from the query of the URL and from a form in the body. Errors: *Error for a form that cannot be read,
// a parameter given twice, and too many of them.
func Parse(rawQuery string, body []byte, contentType string) (Values, error) {
	if len(body) > 0 && contentType != "" {
		if kind, _, err := mime.ParseMediaType(contentType); err != nil || kind != "application/x-www-form-urlencoded" {
			return nil, malformed("The body must be application/x-www-form-urlencoded, not %.100q.", contentType)
		}
	}
	values := Values{}
	for _, text := range []string{rawQuery, string(body)} {
		if err := values.add(text); err != nil {
			return nil, err
		}
	}
	return values, nil
}

func (v Values) add(text string) error {
	for part := range strings.SplitSeq(strings.TrimSpace(text), "&") {
		if part == "" {
			continue
		}
		rawName, rawValue, _ := strings.Cut(part, "=")
		name, err := url.QueryUnescape(rawName)
		if err != nil || len(name) > maxName {
			return malformed("The name of a parameter cannot be read: %.100q.", rawName)
		}
		value, err := url.QueryUnescape(rawValue)
		if err != nil {
			return malformed("The value of %s is not encoded as in a URL.", name)
		}
		if _, twice := v[name]; twice {
			return malformed("%s is given twice.", name)
		}
		if len(v) == maxParameters {
			return malformed("There are more than %d parameters.", maxParameters)
		}
		v[name] = value
	}
	return nil
}

// Get returns a parameter, "" when it is absent.
func (v Values) Get(name string) string { return v[name] }

// Has tells whether a parameter is there.
func (v Values) Has(name string) bool {
	_, ok := v[name]
	return ok
}

// Structures returns the parameters of each item of a list, in the order of their numbers: for "Tags.member" those of Tags.member.1,
// Tags.member.2 and so on, without that part of their names. Gaps do not matter, and what has no number is left out.
func (v Values) Structures(prefix string) []Values {
	byNumber := map[int]Values{}
	for name, value := range v {
		rest, ok := strings.CutPrefix(name, prefix+".")
		if !ok {
			continue
		}
		digits, member, _ := strings.Cut(rest, ".")
		n, err := strconv.ParseUint(digits, 10, 31)
		if err != nil {
			continue
		}
		if byNumber[int(n)] == nil {
			byNumber[int(n)] = Values{}
		}
		byNumber[int(n)][member] = value
	}
	var items []Values
	for _, n := range slices.Sorted(maps.Keys(byNumber)) {
		items = append(items, byNumber[n])
	}
	return items
}

// Structure returns the parameters of a structure: for "Message.Body" those of Message.Body.Text.Data and others, as Text.Data.
func (v Values) Structure(name string) Values {
	inner := Values{}
	for each, value := range v {
		if rest, ok := strings.CutPrefix(each, name+"."); ok {
			inner[rest] = value
		}
	}
	return inner
}

// List returns a list of texts: NAME.member.1 and so on.
func (v Values) List(name string) []string {
	var texts []string
	for _, item := range v.Structures(name + ".member") {
		if text, ok := item[""]; ok {
			texts = append(texts, text)
		}
	}
	return texts
}

// Map returns a map of texts: NAME.entry.1.key, NAME.entry.1.value and so on. It is nil when there is none; a key that comes twice has
// its last value.
func (v Values) Map(name string) map[string]string {
	var texts map[string]string
	for _, item := range v.Structures(name + ".entry") {
		if texts == nil {
			texts = map[string]string{}
		}
		texts[item["key"]] = item["value"]
	}
	return texts
}
