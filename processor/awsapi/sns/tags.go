package sns

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/rebound-mail/rebound/processor/awsapi/auth"
	"github.com/rebound-mail/rebound/processor/awsapi/query"
	"github.com/rebound-mail/rebound/processor/topic"
)

// maxTags is how many tags a topic may have.
const maxTags = 50

// validTag is what AWS takes in keys and values.
var validTag = regexp.MustCompile(`^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$`)

var errTooManyTags = query.Refuse("TagLimitExceeded", "Could not complete request: tag quota of per resource exceeded")

// tagMember is a tag where tags are listed.
type tagMember struct{ Key, Value string }

// tagsOf reads Tags.member.N.Key and Value; nil when there are none.
func tagsOf(values query.Values) (map[string]string, error) {
	var tags map[string]string
	for _, item := range values.Structures("Tags.member") {
		key, value := item.Get("Key"), item.Get("Value")
		_, twice := tags[key]
		switch {
		case twice:
			return nil, invalid("Duplicated keys are not allowed.")
		case !validTagKey(key):
			return nil, invalid("Tags Reason: a key has 1 to 128 letters, digits, blanks and _.:/=+-@, and does not begin with aws:")
		case len([]rune(value)) > 256 || !validTag.MatchString(value):
			return nil, invalid("Tags Reason: a value has at most 256 letters, digits, blanks and _.:/=+-@")
		}
		if tags == nil {
			tags = map[string]string{}
		}
		tags[key] = value
	}
	if len(tags) > maxTags {
		return nil, errTooManyTags
	}
	return tags, nil
}

func validTagKey(key string) bool {
	return key != "" && len([]rune(key)) <= 128 && validTag.MatchString(key) && !strings.HasPrefix(strings.ToLower(key), "aws:")
}

func (a *API) tagResource(ctx context.Context, caller auth.Caller, values query.Values) (any, error) {
	tags, err := tagsOf(values)
	if err != nil {
		return nil, err
	}
	if tags == nil {
		return nil, query.Null("tags")
	}
	return nil, resourceError(a.changeTopic(ctx, caller, values, "ResourceArn", func(t *topic.Topic) error {
		if t.Tags == nil {
			t.Tags = map[string]string{}
		}
		maps.Copy(t.Tags, tags)
		if len(t.Tags) > maxTags {
			return errTooManyTags
		}
		return nil
	}))
}

func (a *API) untagResource(ctx context.Context, caller auth.Caller, values query.Values) (any, error) {
	if !values.Has("TagKeys") && len(values.Structures("TagKeys.member")) == 0 {
		return nil, query.Null("tagKeys")
	}
	return nil, resourceError(a.changeTopic(ctx, caller, values, "ResourceArn", func(t *topic.Topic) error {
		for _, key := range values.List("TagKeys") {
			delete(t.Tags, key)
		}
		return nil
	}))
}

func (a *API) listTagsForResource(ctx context.Context, caller auth.Caller, values query.Values) (any, error) {
	t, err := a.topic(ctx, caller, values, "ResourceArn")
	if err != nil {
		return nil, resourceError(err)
	}
	tags := query.List[tagMember]{}
	for _, key := range slices.Sorted(maps.Keys(t.Tags)) {
		tags = append(tags, tagMember{key, t.Tags[key]})
	}
	return struct{ Tags query.List[tagMember] }{tags}, nil
}

// resourceError says it as the actions for tags do.
func resourceError(err error) error {
	var refused *query.Error
	if errors.As(err, &refused) && refused.Code == "NotFound" {
		return &query.Error{Status: http.StatusNotFound, Code: "ResourceNotFound", Message: "Resource does not exist"}
	}
	return err
}
