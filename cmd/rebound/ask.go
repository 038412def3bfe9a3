package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rebound-mail/rebound/processor/api"
	"github.com/rebound-mail/rebound/suppression/listfile"
)

// A call asks for at most so many addresses, and bytes of them, which the server takes in one body. While the answers of one are used
// the next are being looked up.
const (
	checkChunk  = api.MaxCheck
	checkBytes  = 512 << 10
	checkAhead  = 2
	bytesBeside = 3 // the quotes and the comma
)

// source gives records until the function that it is given returns false.
type source func(func(listfile.Record) bool) error

// asked is one call: what it is about, and what came of it.
type asked struct {
	records []listfile.Record
	results []api.CheckResult
	err     error
}

// ask checks the addresses of all records, and hands them on in their order with a result each.
func ask(command *cobra.Command, from source, use func([]listfile.Record, []api.CheckResult) error) error {
	ctx, stop := context.WithCancel(command.Context())
	defer stop()
	calls := make(chan chan asked, checkAhead-1)
	problem := make(chan error, 1)
	go func() {
		defer close(calls)
		problem <- chunks(from, func(records []listfile.Record) bool {
			call := make(chan asked, 1)
			select {
			case calls <- call:
			case <-ctx.Done():
				return false
			}
			go func() { call <- askOnce(ctx, command, records) }()
			return true
		})
	}()
	for call := range calls {
		answer := <-call
		if answer.err != nil {
			return answer.err
		}
		if err := use(answer.records, answer.results); err != nil {
			return err
		}
	}
	return <-problem
}

// askOnce makes one call. Only what is suppressed or cannot be checked comes over the wire: what the answer does not name is free.
func askOnce(ctx context.Context, command *cobra.Command, records []listfile.Record) asked {
	question := api.CheckQuestion{Addresses: make([]string, len(records)), SuppressedOnly: true}
	for i, record := range records {
		question.Addresses[i] = strings.ToValidUTF8(record.Address, "\uFFFD") // as JSON carries it
	}
	var answer api.CheckAnswer
	if err := newClient(command).call(ctx, http.MethodPost, "/v1/suppression/check", query(command), question, &answer); err != nil {
		return asked{err: err}
	}
	results, named := make([]api.CheckResult, len(records)), answer.Results
	for i, addr := range question.Addresses {
		results[i].Address = addr
		if len(named) > 0 && named[0].Address == addr {
			results[i], named = named[0], named[1:]
		}
	}
	if len(named) > 0 {
		return asked{err: fmt.Errorf("the server answered about %s, which is not what it was asked", named[0].Address)}
	}
	return asked{records, results, nil}
}

// chunks calls do for the records, a few thousand at a time, until it returns false.
func chunks(from source, do func([]listfile.Record) bool) error {
	var chunk []listfile.Record
	size := 0
	more := true
	err := from(func(record listfile.Record) bool {
		if len(chunk) == checkChunk || size+len(record.Address) > checkBytes {
			more = do(chunk)
			chunk, size = nil, 0
		}
		chunk, size = append(chunk, record), size+len(record.Address)+bytesBeside
		return more
	})
	if len(chunk) > 0 && more && err == nil {
		do(chunk)
	}
	return err
}

// recordsOf is the source of a file's records.
func recordsOf(file *listfile.Reader) source {
	return func(do func(listfile.Record) bool) error {
		for {
			record, err := file.Next()
			if errors.Is(err, io.EOF) || err == nil && !do(record) {
				return nil
			}
			if err != nil {
				return err
			}
		}
	}
}

// openList opens a list: a file, or standard input for "-". Its progress is shown while it is read.
func openList(command *cobra.Command, path string) (io.ReadCloser, error) {
	if path == "-" {
		return io.NopCloser(newProgress(command, command.InOrStdin(), 0)), nil
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	about, err := file.Stat()
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return struct {
		io.Reader
		io.Closer
	}{newProgress(command, file, about.Size()), file}, nil
}
