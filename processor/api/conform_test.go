package api_test

import (
	"bytes"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/rebound-mail/rebound/processor/api"
)

// document is the description of the API; its schemas are compiled as they are needed.
type document struct {
	mutex    sync.Mutex
	compiler *jsonschema.Compiler
	paths    map[string]any
	known    map[string]*jsonschema.Schema
}

var described = sync.OnceValue(func() *document {
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(api.Document()))
	if err != nil {
		panic(err)
	}
	d := &document{compiler: jsonschema.NewCompiler(), paths: value.(map[string]any)["paths"].(map[string]any), known: map[string]*jsonschema.Schema{}}
	d.compiler.AssertFormat()
	if err := d.compiler.AddResource("openapi.json", value); err != nil {
		panic(err)
	}
	return d
})

// conforms compares a question and its answer with the document.
func conforms(t *testing.T, request *http.Request, asked string, response *http.Response, answered string) {
	t.Helper()
	d := described()
	d.mutex.Lock()
	defer d.mutex.Unlock()
	path := d.template(request.URL.Path, strings.ToLower(request.Method))
	if path == "" {
		if response.StatusCode != http.StatusNotFound {
			t.Errorf("%s %s is not described and answers %d", request.Method, request.URL.Path, response.StatusCode)
		}
		return
	}
	operation := []string{"paths", path, strings.ToLower(request.Method)}
	if response.StatusCode < 300 && asked != "" {
		d.holds(t, append(operation, "requestBody"), request.Header.Get("Content-Type"), asked)
	}
	if response.StatusCode < 300 {
		d.parameters(t, operation, request.URL.Query())
	}
	status := strconv.Itoa(response.StatusCode)
	if d.at(append(operation, "responses", status)) == nil {
		status = "default"
	}
	d.holds(t, append(operation, "responses", status), response.Header.Get("Content-Type"), answered)
}

// template finds the path that describes a URL's; one without variables comes first.
func (d *document) template(path, method string) (found string) {
	parts := strings.Split(path, "/")
	for template := range d.paths {
		matches := d.at([]string{"paths", template, method}) != nil
		for i, part := range strings.Split(template, "/") {
			matches = matches && i < len(parts) && (part == parts[i] || strings.HasPrefix(part, "{"))
		}
		if matches && strings.Count(template, "/") == len(parts)-1 && (found == "" || !strings.Contains(template, "{")) {
			found = template
		}
	}
	return found
}

// at walks into the document and follows a reference on the way.
func (d *document) at(steps []string) any {
	var here any = map[string]any{"paths": d.paths}
	for _, step := range steps {
		object, _ := here.(map[string]any)
		here = object[step]
	}
	return here
}

// holds checks a JSON text, or each line of NDJSON, against the schema for its media type.
func (d *document) holds(t *testing.T, where []string, mediaType, text string) {
	t.Helper()
	mediaType, _, _ = strings.Cut(mediaType, ";")
	if object, _ := d.at(where).(map[string]any); object["$ref"] != nil {
		where = strings.Split(strings.TrimPrefix(object["$ref"].(string), "#/"), "/")
	}
	if mediaType == "message/rfc822" {
		return
	}
	schema := d.compile(t, append(append([]string{}, where...), "content", mediaType, "schema"))
	lines := []string{text}
	if mediaType == "application/x-ndjson" {
		lines = strings.Split(strings.TrimSpace(text), "\n")
	}
	for _, line := range lines {
		value, err := jsonschema.UnmarshalJSON(strings.NewReader(line))
		if err == nil && schema != nil {
			err = schema.Validate(value)
		}
		if err != nil {
			t.Errorf("%s: %v\n%s", strings.Join(where, " "), err, line)
		}
	}
}

// parameters wants each parameter of a query to be described.
func (d *document) parameters(t *testing.T, operation []string, query url.Values) {
	t.Helper()
	list, _ := d.at(append(operation, "parameters")).([]any)
	for name := range query {
		known := false
		for _, one := range list {
			parameter := one.(map[string]any)
			reference, _ := parameter["$ref"].(string)
			known = known || parameter["name"] == name || strings.HasSuffix(reference, "/"+name)
		}
		if !known {
			t.Errorf("%s: the parameter %s is not described", strings.Join(operation, " "), name)
		}
	}
}

func (d *document) compile(t *testing.T, where []string) *jsonschema.Schema {
	t.Helper()
	pointer := "openapi.json#"
	for _, step := range where {
		pointer += "/" + url.PathEscape(strings.NewReplacer("~", "~0", "/", "~1").Replace(step))
	}
	if schema := d.known[pointer]; schema != nil {
		return schema
	}
	schema, err := d.compiler.Compile(pointer)
	if err != nil {
		t.Errorf("not described: %s: %v", strings.Join(where, " "), err)
		return nil
	}
	d.known[pointer] = schema
	return schema
}

func TestTheDocumentIsServed(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	if status, text := s.ask(http.MethodGet, "/v1/openapi.json", nil); status != http.StatusOK || text != string(api.Document()) {
		t.Errorf("got %d %.100s", status, text)
	}
}
