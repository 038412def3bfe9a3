package api

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTheDocumentDescribesEachRouteAndNoOther(t *testing.T) {
	var document struct {
		OpenAPI string
		Paths   map[string]map[string]any
	}
	if err := json.Unmarshal(Document(), &document); err != nil {
		t.Fatal(err)
	}
	var described []string
	for path, operations := range document.Paths {
		for method := range operations {
			described = append(described, strings.ToUpper(method)+" "+path)
		}
	}
	slices.Sort(described)
	if diff := cmp.Diff(slices.Sorted(maps.Keys((&API{}).routes())), described); diff != "" || document.OpenAPI != "3.1.0" {
		t.Errorf("OpenAPI %s: -routed +described:\n%s", document.OpenAPI, diff)
	}
}
