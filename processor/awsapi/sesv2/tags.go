package sesv2

import (
	"database/sql"
	"errors"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/rebound-mail/rebound/processor/account"
)

// validTag is what AWS takes in the keys and values of tags.
var validTag = regexp.MustCompile(`^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$`)

// tagsOf checks tags and returns them by key; nil when there are none.
func tagsOf(tags []tag) (map[string]string, error) {
	var byKey map[string]string
	var wrong violations
	for _, one := range tags {
		_, twice := byKey[one.Key]
		switch {
		case one.Key == "":
			wrong.required("tags.member.key", "")
		case twice:
			return nil, badRequest("Duplicate tag key %.128s.", one.Key)
		case strings.HasPrefix(strings.ToLower(one.Key), "aws:"), !validTag.MatchString(one.Key + one.Value):
			return nil, badRequest("Tag %.128s: keys do not begin with aws:, and keys and values have letters, digits, blanks and _.:/=+-@ only.", one.Key)
		}
		if byKey == nil {
			byKey = map[string]string{}
		}
		byKey[one.Key] = one.Value
	}
	return byKey, wrong.err()
}

func shownTags(byKey map[string]string) []tag {
	tags := []tag{}
	for _, key := range slices.Sorted(maps.Keys(byKey)) {
		tags = append(tags, tag{Key: key, Value: byKey[key]})
	}
	return tags
}

// resource returns the kind and the name that an ARN of the caller's has: "identity" or "configuration-set", and which.
func (a *API) resource(c *call, arn string) (kind, name string, err error) {
	if rest, own := strings.CutPrefix(arn, "arn:aws:ses:"+a.Region+":"+c.account+":"); own {
		kind, name, _ = strings.Cut(rest, "/")
	}
	if kind != identityKind && kind != setKind {
		return "", "", noResource(arn, account.ErrNotFound)
	}
	return kind, name, nil
}

const (
	identityKind = "identity"
	setKind      = "configuration-set"
)

func noResource(arn string, err error) error {
	if errors.Is(err, account.ErrNotFound) {
		return notFound("Resource %.300s does not exist.", arn)
	}
	return invalid(err)
}

// changeTags changes the tags of the identity or the configuration set that an ARN names.
func (a *API) changeTags(c *call, arn string, change func(map[string]string)) error {
	kind, name, err := a.resource(c, arn)
	if err != nil {
		return err
	}
	edit := func(tags *map[string]string) error {
		if *tags == nil {
			*tags = map[string]string{}
		}
		change(*tags)
		return nil
	}
	return noResource(arn, a.transact(c, func(tx *sql.Tx) error {
		if kind == identityKind {
			return account.ChangeIdentity(c, tx, c.account, name, func(i *account.Identity) error { return edit(&i.Tags) })
		}
		return account.ChangeConfigurationSet(c, tx, c.account, name, func(s *account.ConfigurationSet) error { return edit(&s.Tags) })
	}))
}

func (a *API) tagResource(c *call) (any, error) {
	var wanted struct {
		ResourceArn string
		Tags        []tag
	}
	if err := c.decode(&wanted); err != nil {
		return nil, err
	}
	var wrong violations
	wrong.required("resourceArn", wanted.ResourceArn)
	wrong.present("tags", wanted.Tags != nil)
	if err := wrong.err(); err != nil {
		return nil, err
	}
	added, err := tagsOf(wanted.Tags)
	if err != nil {
		return nil, err
	}
	return nil, a.changeTags(c, wanted.ResourceArn, func(tags map[string]string) { maps.Copy(tags, added) })
}

func (a *API) untagResource(c *call) (any, error) {
	keys := c.request.URL.Query()["TagKeys"]
	var wrong violations
	wrong.required("resourceArn", c.query("ResourceArn"))
	wrong.present("tagKeys", len(keys) > 0)
	if err := wrong.err(); err != nil {
		return nil, err
	}
	return nil, a.changeTags(c, c.query("ResourceArn"), func(tags map[string]string) {
		for _, key := range keys {
			delete(tags, key)
		}
	})
}

func (a *API) listTags(c *call) (any, error) {
	arn := c.query("ResourceArn")
	kind, name, err := a.resource(c, arn)
	if err != nil {
		return nil, err
	}
	var tags map[string]string
	if kind == identityKind {
		var found account.Identity
		found, err = account.GetIdentity(c, a.Store.Read, c.account, name)
		tags = found.Tags
	} else {
		var found account.ConfigurationSet
		found, err = account.GetConfigurationSet(c, a.Store.Read, c.account, name)
		tags = found.Tags
	}
	return struct{ Tags []tag }{shownTags(tags)}, noResource(arn, err)
}
