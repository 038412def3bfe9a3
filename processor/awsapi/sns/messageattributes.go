package sns

import (
	"encoding/base64"
	"fmt"
	"regexp"
	"strings"

	"github.com/rebound-mail/rebound/processor/awsapi/query"
	"github.com/rebound-mail/rebound/schemas"
)

// maxAttributeName bounds the name of a message attribute, in bytes.
const maxAttributeName = 256

var (
	validType   = regexp.MustCompile(`^(String|Number|Binary)(\.[^.].*)?$`)
	validNumber = regexp.MustCompile(`^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,3})?$`)
)

func invalidValue(format string, args ...any) *query.Error {
	return query.Refuse("ParameterValueInvalid", format, args...)
}

// attributesOf reads MessageAttributes.entry.N.Name and Value.…, and counts their bytes as SNS does: names, types and values. Place is where
// they stand, for errors.
func attributesOf(values query.Values, place string) (attributes map[string]schemas.MessageAttribute, size int, err error) {
	for _, entry := range values.Structures("MessageAttributes.entry") {
		name := entry.Get("Name")
		if err := checkAttributeName(name); err != nil {
			return nil, 0, err
		}
		if _, twice := attributes[name]; twice {
			return nil, 0, invalidValue("Message attribute name '%s' already exists.", name)
		}
		attribute, length, err := attributeOf(name, entry, place)
		if err != nil {
			return nil, 0, err
		}
		if attributes == nil {
			attributes = map[string]schemas.MessageAttribute{}
		}
		attributes[name] = attribute
		size += len(name) + len(attribute.Type) + length
	}
	return attributes, size, nil
}

// attributeOf reads one attribute; length is that of its value in bytes.
func attributeOf(name string, entry query.Values, place string) (attribute schemas.MessageAttribute, length int, err error) {
	kind := entry.Get("Value.DataType")
	if kind == "" {
		return attribute, 0, query.Null(place + "messageAttributes." + name + ".member.dataType")
	}
	if !validType.MatchString(kind) {
		return attribute, 0, invalidValue("The message attribute '%s' has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String.", name)
	}
	base, _, _ := strings.Cut(kind, ".")
	field := "String"
	if base == "Binary" {
		field = "Binary"
	}
	value := entry.Get("Value." + field + "Value")
	switch {
	case !entry.Has("Value." + field + "Value"):
		return attribute, 0, invalidValue("The message attribute '%s' with type '%s' must use field '%s'.", name, kind, field)
	case value == "":
		return attribute, 0, invalidValue("The message attribute '%s' must contain non-empty message attribute value for message attribute type '%s'.", name, kind)
	case base == "Number" && !validNumber.MatchString(value):
		return attribute, 0, invalidValue("Could not cast message attribute '%s' value to number.", name)
	}
	length = len(value)
	if base == "Binary" {
		content, err := base64.StdEncoding.DecodeString(value)
		if err != nil {
			return attribute, 0, invalidValue("The message attribute '%s' with type '%s' is not in base64.", name, kind)
		}
		length = len(content)
	}
	return schemas.MessageAttribute{Type: kind, Value: value}, length, nil
}

func checkAttributeName(name string) error {
	switch {
	case name == "":
		return invalidValue("The message attribute name must not be empty.")
	case len(name) > maxAttributeName:
		return invalidValue("Length of message attribute name must be less than 256 bytes.")
	case name[0] == '.':
		return invalidValue("Invalid message attribute name starting with character '.' was found.")
	case name[len(name)-1] == '.':
		return invalidValue("Invalid message attribute name ending with character '.' was found.")
	case strings.Contains(name, ".."):
		return invalidValue("Message attribute name can not have successive '.' characters.")
	}
	for _, c := range name {
		if !strings.ContainsRune("-_.", c) && (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') {
			return invalidValue("Invalid non-alphanumeric character '%s' was found in the message attribute name. Can only include alphanumeric characters, hyphens, underscores, or dots.",
				fmt.Sprintf("#x%X", c))
		}
	}
	for _, reserved := range []string{"aws.", "amazon."} {
		if strings.HasPrefix(strings.ToLower(name), reserved) {
			return invalidValue("Message attribute name can not begin with reserved prefixes 'AWS.' or 'Amazon.'.")
		}
	}
	return nil
}
