package sesv2_test

import (
	"database/sql"
	"log/slog"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rebound-mail/rebound/processor/account"
	"github.com/rebound-mail/rebound/processor/awsapi/auth"
	"github.com/rebound-mail/rebound/processor/awsapi/awsapitest"
	"github.com/rebound-mail/rebound/processor/awsapi/jobs"
	"github.com/rebound-mail/rebound/processor/awsapi/sesv2"
	"github.com/rebound-mail/rebound/processor/store"
)

// fuzzed returns a function that calls operations as an administrator, over one database for all inputs.
func fuzzed(f *testing.F) func(method, target, body string) (int, []byte) {
	f.Helper()
	opened, err := store.Open(f.Context(), filepath.Join(f.TempDir(), "rebound.db"))
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = opened.Close() })
	clock, log := func() time.Time { return awsapitest.Now }, slog.New(slog.DiscardHandler)
	err = opened.Transact(f.Context(), func(tx *sql.Tx) error {
		_, err := account.Create(f.Context(), tx, account.Account{ID: awsapitest.Owner}, awsapitest.Now)
		return err
	})
	if err != nil {
		f.Fatal(err)
	}
	handler := (&sesv2.API{Store: opened, Jobs: jobs.NewRunner(opened, nil, clock, log), Region: "us-east-1", Wake: func() {}, Now: clock, Log: log}).Handler()
	return func(method, target, body string) (int, []byte) {
		r := httptest.NewRequest(method, "/v2/email"+target, strings.NewReader(body))
		r = r.WithContext(auth.With(r.Context(), auth.As(awsapitest.Owner, "AKIAFUZZ", account.Administer)))
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		return w.Code, w.Body.Bytes()
	}
}
