package sesv2

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// violations collects what is wrong with a request, to say it all at once as AWS does.
type violations []string

// add notes that a member, named in camel case, breaks a constraint.
func (v *violations) add(member, constraint string) {
	*v = append(*v, fmt.Sprintf("Value at '%s' failed to satisfy constraint: %s", member, constraint))
}

// required notes a text that is missing.
func (v *violations) required(member, value string) {
	if value == "" {
		v.add(member, "Member must not be null")
	}
}

// present notes a structure that is missing.
func (v *violations) present(member string, there bool) {
	if !there {
		v.add(member, "Member must not be null")
	}
}

// oneOf notes a text that is none of some values; an empty one is missing.
func (v *violations) oneOf(member, value string, values ...string) {
	if value == "" {
		v.required(member, value)
	} else if !slices.Contains(values, value) {
		v.add(member, enumeration(values))
	}
}

// eachOf notes a list that holds another text than some values.
func (v *violations) eachOf(member string, list []string, values ...string) {
	if slices.ContainsFunc(list, func(value string) bool { return !slices.Contains(values, value) }) {
		v.add(member, "Member must satisfy constraint: ["+enumeration(values)+"]")
	}
}

// atMost notes a list or a text that is too long.
func (v *violations) atMost(member string, length, most int) {
	if length > most {
		v.add(member, "Member must have length less than or equal to "+strconv.Itoa(most))
	}
}

func enumeration(values []string) string {
	return "Member must satisfy enum value set: [" + strings.Join(values, ", ") + "]"
}

// err returns the BadRequestException, nil when nothing is wrong.
func (v violations) err() error {
	if len(v) == 0 {
		return nil
	}
	plural := ""
	if len(v) > 1 {
		plural = "s"
	}
	return badRequest("%d validation error%s detected: %s", len(v), plural, strings.Join(v, "; "))
}

const (
	defaultPage = 100
	maxPage     = 1000
)

// pageSize reads how many things a page is to have.
func pageSize(text string) (int, error) {
	if text == "" {
		return defaultPage, nil
	}
	size, err := strconv.Atoi(text)
	if err != nil {
		return 0, serialization(fmt.Errorf("PageSize %.20q is no number", text))
	}
	return size, checkPage(size)
}

func checkPage(size int) error {
	var wrong violations
	if size < 1 {
		wrong.add("pageSize", "Member must have value greater than or equal to 1")
	}
	if size > maxPage {
		wrong.add("pageSize", "Member must have value less than or equal to "+strconv.Itoa(maxPage))
	}
	return wrong.err()
}

// token makes of the name that a page ends with what the caller gives back for the next one; "" at the end.
func token(name string) string { return base64.RawURLEncoding.EncodeToString([]byte(name)) }

// after reads a token.
func after(token string) (name string, err error) {
	text, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(text) > 1000 {
		return "", errToken
	}
	return string(text), nil
}

// page reads which page of a list is asked for: the things behind the name from, size of them.
func (c *call) page() (from string, size int, err error) {
	if size, err = pageSize(c.query("PageSize")); err != nil {
		return "", 0, err
	}
	from, err = after(c.query("NextToken"))
	return from, size, err
}
