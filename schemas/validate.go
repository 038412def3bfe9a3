package schemas

import (
	"bytes"
	"embed"
	"fmt"
	"slices"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// Files holds the JSON Schemas under their file names, such as notification.schema.json.
//
//go:embed *.schema.json
var Files embed.FS

// The names of the embedded schemas.
const (
	NotificationSchema      = "notification.schema.json"
	EventSchema             = "event.schema.json"
	EnvelopeSchema          = "envelope.schema.json"
	ParsedSchema            = "parsed.schema.json"
	SuppressionChangeSchema = "suppressionchange.schema.json"
)

// Validate tells what in the JSON text breaks the schema of that name; nil when nothing does.
func Validate(schema string, text []byte) error {
	compiled, err := compile(schema)
	if err != nil {
		return err
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return fmt.Errorf("schemas: not JSON: %w", err)
	}
	if err := compiled.Validate(value); err != nil {
		return fmt.Errorf("schemas: %s: %w", schema, err)
	}
	return nil
}

var compiled sync.Map // schema name → *jsonschema.Schema

func compile(name string) (*jsonschema.Schema, error) {
	if known, ok := compiled.Load(name); ok {
		return known.(*jsonschema.Schema), nil
	}
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	for _, resource := range slices.Compact([]string{name, NotificationSchema}) { // events refer to notifications
		text, err := Files.ReadFile(resource)
		if err != nil {
			return nil, fmt.Errorf("schemas: no schema %q: %w", resource, err)
		}
		document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
		if err != nil {
			return nil, fmt.Errorf("schemas: %s: %w", resource, err)
		}
		if err := compiler.AddResource(resource, document); err != nil {
			return nil, fmt.Errorf("schemas: %s: %w", resource, err)
		}
	}
	schema, err := compiler.Compile(name)
	if err != nil {
		return nil, fmt.Errorf("schemas: %s: %w", name, err)
	}
	compiled.Store(name, schema)
	return schema, nil
}
