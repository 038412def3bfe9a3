package api

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"

	"go.yaml.in/yaml/v3"
)

//go:embed openapi.yaml
var described []byte

// Document returns the description of the API in OpenAPI 3.1, as JSON.
var Document = sync.OnceValue(func() []byte {
	var document map[string]any
	if err := yaml.Unmarshal(described, &document); err != nil {
		panic(fmt.Sprintf("api: openapi.yaml: %v", err)) // it is a part of the program
	}
	text, err := json.MarshalIndent(document, "", "  ")
	if err != nil {
		panic(fmt.Sprintf("api: openapi.yaml: %v", err))
	}
	return text
})

func serveDocument(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(Document()) // a caller who has gone needs no answer
}
