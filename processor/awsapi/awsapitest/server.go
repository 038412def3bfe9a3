// Package awsapitest runs SES v1, SES v2 and SNS over a real database and real HTTP, and calls them as clients of AWS do, for tests.
package awsapitest

import (
	"database/sql"
	"log/slog"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	"github.com/rebound-mail/rebound/processor/account"
	"github.com/rebound-mail/rebound/processor/awsapi"
	"github.com/rebound-mail/rebound/processor/awsapi/auth"
	"github.com/rebound-mail/rebound/processor/awsapi/jobs"
	"github.com/rebound-mail/rebound/processor/awsapi/query"
	"github.com/rebound-mail/rebound/processor/awsapi/sesv1"
	"github.com/rebound-mail/rebound/processor/awsapi/sesv2"
	"github.com/rebound-mail/rebound/processor/awsapi/sns"
	"github.com/rebound-mail/rebound/processor/bus"
	"github.com/rebound-mail/rebound/processor/delivery"
	"github.com/rebound-mail/rebound/processor/store"
	"github.com/rebound-mail/rebound/processor/topic"
)

// The accounts that there are. Server.Key is one of Owner.
const (
	Owner = "111111111111"
	Other = "222222222222"
)

// Now is what the clock of a new server says.
var Now = time.Date(2026, 1, 27, 15, 0, 0, 0, time.UTC)

// Server is a running server.
type Server struct {
	*testing.T
	Store *store.Store
	Jobs  *jobs.Runner // does a job when Next is called
	Data  string       // the folder that holds the buckets
	URL   string
	Clock time.Time
	Key   account.AccessKey
	SES1  *sesv1.API
}

// New starts a server. SES1.Bus is nil.
func New(t *testing.T) *Server {
	t.Helper()
	data := t.TempDir()
	opened, err := store.Open(t.Context(), filepath.Join(data, "rebound.db"))
	if err != nil {
		t.Fatal(err)
	}
	buckets, err := jobs.OpenBuckets(filepath.Join(data, "buckets"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = buckets.Close(), opened.Close() })
	s := &Server{T: t, Store: opened, Data: data, Clock: Now}
	clock, log, wake := func() time.Time { return s.Clock }, slog.New(slog.DiscardHandler), func() {}
	signer, err := topic.LoadSigner(t.TempDir(), "https://sns.us-east-1.amazonaws.com", Now)
	if err != nil {
		t.Fatal(err)
	}
	s.Jobs = jobs.NewRunner(opened, buckets, clock, log)
	topics := &sns.API{Store: opened, Region: "us-east-1", Wake: wake, Now: clock, Log: log}
	s.SES1 = &sesv1.API{Store: opened, Region: "us-east-1", Domain: "bounces.example", Wake: wake, Now: clock, Log: log}
	ses2 := &sesv2.API{Store: opened, Jobs: s.Jobs, Region: "us-east-1", Wake: wake, Now: clock, Log: log}
	web := httptest.NewServer((&awsapi.Server{Auth: &auth.Authenticator{DB: opened.Read, Now: clock}, Signer: signer,
		Services: []*query.Service{topics.Service(), s.SES1.Service()}, V2: ses2.Handler(), Log: log}).Handler())
	t.Cleanup(web.Close)
	s.URL = web.URL
	s.Transact(func(tx *sql.Tx) error {
		for _, id := range []string{Owner, Other} {
			if _, err := account.Create(t.Context(), tx, account.Account{ID: id}, Now); err != nil {
				return err
			}
		}
		return nil
	})
	s.Key = s.KeyOf(Owner, account.Administer)
	return s
}

// OpenBus gives SendBounce a bus and returns it.
func (s *Server) OpenBus() *bus.Bus {
	s.Helper()
	opened, err := bus.Open(s.Context(), bus.Options{Dir: s.TempDir(), Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		s.Fatal(err)
	}
	s.Cleanup(func() { _ = opened.Close() })
	s.SES1.Bus = opened
	return opened
}

// Transact writes into the database.
func (s *Server) Transact(write func(tx *sql.Tx) error) {
	s.Helper()
	if err := s.Store.Transact(s.Context(), write); err != nil {
		s.Fatal(err)
	}
}

// KeyOf makes an access key with permissions.
func (s *Server) KeyOf(id string, may ...account.Permission) account.AccessKey {
	s.Helper()
	var key account.AccessKey
	s.Transact(func(tx *sql.Tx) (err error) {
		if key, err = account.CreateKey(s.Context(), tx, id, Now); err != nil {
			return err
		}
		key.Permissions = may
		return account.PutKey(s.Context(), tx, key)
	})
	return key
}

// Topic makes a topic of Owner with one confirmed subscription and returns its ARN.
func (s *Server) Topic(name string) string {
	s.Helper()
	var made topic.Topic
	s.Transact(func(tx *sql.Tx) (err error) {
		if made, err = topic.CreateTopic(s.Context(), tx, "us-east-1", topic.Topic{Account: Owner, Name: name}, Now); err != nil {
			return err
		}
		pending, err := topic.Subscribe(s.Context(), tx, topic.Subscription{TopicARN: made.ARN, Protocol: topic.HTTP, Endpoint: "http://hook.example/"}, Now)
		if err != nil {
			return err
		}
		_, err = topic.Confirm(s.Context(), tx, pending.Token, true, Now)
		return err
	})
	return made.ARN
}

// Waiting is a message that waits for its delivery to one endpoint.
type Waiting struct{ Subject, Body, Endpoint string }

// Outbox returns the messages of a kind that wait, in their order.
func (s *Server) Outbox(kind delivery.Kind) (found []Waiting) {
	s.Helper()
	rows, err := s.Store.Read.QueryContext(s.Context(), `SELECT m.subject, m.body, p.endpoint FROM outbox_message m JOIN outbox_entry e ON e.message = m.seq
		JOIN outbox_endpoint p ON p.id = e.endpoint WHERE m.kind = $1 ORDER BY e.id`, string(kind))
	if err != nil {
		s.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var one Waiting
		if err := rows.Scan(&one.Subject, &one.Body, &one.Endpoint); err != nil {
			s.Fatal(err)
		}
		found = append(found, one)
	}
	return found
}
