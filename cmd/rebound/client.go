package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// client talks to the /v1 API of a running server.
type client struct {
	base string // http://127.0.0.1:8025
	key  string // access key id and secret, "id:secret"; empty on loopback
}

// clientFlags are those of every command that talks to a server.
func clientFlags(flags *pflag.FlagSet) {
	base := os.Getenv("REBOUND_URL")
	if base == "" {
		base = "http://127.0.0.1:8025"
	}
	flags.String("url", base, "the running server (environment: REBOUND_URL)")
	flags.String("account", "000000000000", "account to speak for")
	flags.Bool("json", false, "print JSON instead of a table")
}

func newClient(command *cobra.Command) client {
	base, _ := command.Flags().GetString("url")
	return client{base: strings.TrimSuffix(base, "/"), key: os.Getenv("REBOUND_KEY")}
}

// web is an HTTP client that shows the access key, when there is one, and follows no redirect with it.
func (c client) web() *http.Client {
	return &http.Client{Transport: c, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// RoundTrip sends a request with the access key.
func (c client) RoundTrip(request *http.Request) (*http.Response, error) {
	if id, secret, ok := strings.Cut(c.key, ":"); ok {
		request = request.Clone(request.Context())
		request.SetBasicAuth(id, secret)
	}
	return http.DefaultTransport.RoundTrip(request)
}

// call sends body as JSON (nil: none) and reads the answer into answer (nil: dropped). The account flag goes with each call.
func (c client) call(ctx context.Context, method, path string, query url.Values, body, answer any) error {
	var question io.Reader
	if body != nil {
		encoded, err := json.Marshal(body)
		if err != nil {
			return err
		}
		question = bytes.NewReader(encoded)
	}
	response, err := c.open(ctx, method, path, query, question)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if answer == nil {
		return nil
	}
	content, err := io.ReadAll(response.Body) // to its end, so that the connection is used again
	if err == nil {
		err = json.Unmarshal(content, answer)
	}
	if err != nil {
		return fmt.Errorf("%s answered %s %s with something else than JSON: %w", c.base, method, path, err)
	}
	return nil
}

// open sends a request and returns the answer when it is a good one.
func (c client) open(ctx context.Context, method, path string, query url.Values, content io.Reader) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, method, c.base+path+"?"+query.Encode(), content)
	if err != nil {
		return nil, fmt.Errorf("--url %q: %w", c.base, err)
	}
	if content != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := c.web().Do(request)
	if err != nil {
		return nil, fmt.Errorf("no server at %s (start one with `rebound serve`, or give --url): %w", c.base, errors.Unwrap(err))
	}
	if response.StatusCode/100 == 2 {
		return response, nil
	}
	defer response.Body.Close()
	var refusal struct{ Message string }
	if json.NewDecoder(io.LimitReader(response.Body, 1<<16)).Decode(&refusal) == nil && refusal.Message != "" {
		return nil, errors.New(refusal.Message)
	}
	return nil, fmt.Errorf("%s answered %s %s with %s", c.base, method, path, response.Status)
}

// query starts the query of a call with the account that the command speaks for.
func query(command *cobra.Command, pairs ...string) url.Values {
	name, _ := command.Flags().GetString("account")
	values := url.Values{"account": {name}}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			values.Add(pairs[i], pairs[i+1])
		}
	}
	return values
}

// show prints rows as a table, without a head when heads is nil, or each value as a line of JSON.
func show[T any](command *cobra.Command, heads []string, values []T, row func(T) []string) error {
	out := bufio.NewWriterSize(command.OutOrStdout(), 1<<16)
	if asJSON, _ := command.Flags().GetBool("json"); asJSON {
		encoder := json.NewEncoder(out)
		encoder.SetEscapeHTML(false)
		for _, value := range values {
			if err := encoder.Encode(value); err != nil {
				return err
			}
		}
		return out.Flush()
	}
	if len(values) == 0 {
		_, err := fmt.Fprintln(command.ErrOrStderr(), "nothing here")
		return err
	}
	table := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	if heads != nil {
		fmt.Fprintln(table, strings.Join(heads, "\t"))
	}
	for _, value := range values {
		fmt.Fprintln(table, strings.Join(row(value), "\t"))
	}
	return errors.Join(table.Flush(), out.Flush())
}

// when is a time as a person reads it in a table; "-" for none.
func when(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format("2006-01-02 15:04:05Z")
}
