package account_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rebound-mail/rebound/processor/account"
	"github.com/rebound-mail/rebound/schemas"
)

const (
	bounces    = "arn:aws:sns:us-east-1:123456789012:bounces"
	complaints = "arn:aws:sns:us-east-1:123456789012:complaints"
	deliveries = "arn:aws:sns:us-east-1:123456789012:deliveries"
)

func (a accounts) createIdentity(owner, identity string) (created account.Identity) {
	a.Helper()
	a.transact(func(ctx context.Context, tx *sql.Tx) (err error) {
		created, err = account.CreateIdentity(ctx, tx, owner, identity, now)
		return err
	})
	return created
}

func (a accounts) setTopic(identity string, kind schemas.NotificationType, arn string) {
	a.Helper()
	a.transact(func(ctx context.Context, tx *sql.Tx) error {
		return account.SetTopic(ctx, tx, ours, identity, kind, arn)
	})
}

func (a accounts) setForwarding(identity string, enabled bool) error {
	return a.try(func(ctx context.Context, tx *sql.Tx) error {
		return account.SetForwarding(ctx, tx, ours, identity, enabled)
	})
}

func (a accounts) get(identity string) account.Identity {
	a.Helper()
	got, err := account.GetIdentity(a.Context(), a.Read, ours, identity)
	if err != nil {
		a.Fatal(err)
	}
	return got
}

// resolve returns the identity that counts for a source, or "".
func (a accounts) resolve(owner, source string) string {
	a.Helper()
	got, found, err := account.IdentityFor(a.Context(), a.Read, owner, source)
	if err != nil || found != (got.Identity != "") {
		a.Fatalf("got %+v, found %v, error %v", got, found, err)
	}
	return got.Identity
}

func TestANewIdentityGetsFeedbackByMailAndHeaders(t *testing.T) {
	a := open(t)
	created := a.createIdentity(ours, "News@EXAMPLE.com")
	want := account.Identity{Account: ours, Identity: "News@example.com", ForwardingEnabled: true, HeadersInBounce: true,
		HeadersInComplaint: true, HeadersInDelivery: true, Created: now}
	if diff := cmp.Diff(want, created); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(want, a.get("news@example.COM")); diff != "" {
		t.Error(diff)
	}
}

func TestPutIdentityReplacesAllSettings(t *testing.T) {
	a := open(t)
	a.createIdentity(ours, "example.com")
	want := account.Identity{Account: ours, Identity: "example.com", BounceTopic: bounces, ComplaintTopic: complaints, DeliveryTopic: deliveries,
		HeadersInComplaint: true, Created: now.AddDate(1, 0, 0)}
	a.transact(func(ctx context.Context, tx *sql.Tx) error { return account.PutIdentity(ctx, tx, want) })
	got := a.get("example.com")
	want.Created = now // the identity is not a new one
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for kind, topic := range map[schemas.NotificationType]string{"Bounce": bounces, "Complaint": complaints, "Delivery": deliveries, "Send": ""} {
		if got.Topic(kind) != topic || got.Headers(kind) != (kind == "Complaint") {
			t.Errorf("%s: got topic %q, headers %v", kind, got.Topic(kind), got.Headers(kind))
		}
	}
}

func TestAnIdentityThatIsThereStaysAsItIs(t *testing.T) {
	a := open(t)
	a.createIdentity(ours, "example.com")
	a.setTopic("example.com", schemas.TypeBounce, bounces)
	var got account.Identity
	err := a.try(func(ctx context.Context, tx *sql.Tx) (err error) {
		got, err = account.CreateIdentity(ctx, tx, ours, "EXAMPLE.com", now.AddDate(1, 0, 0))
		return err
	})
	if !errors.Is(err, account.ErrExists) {
		t.Errorf("got %v, want ErrExists", err)
	}
	if diff := cmp.Diff(a.get("example.com"), got); diff != "" {
		t.Error(diff)
	}
}

func TestAddressSettingsOverrideDomainSettingsWithoutMerging(t *testing.T) {
	a := open(t)
	a.createIdentity(ours, "example.com")
	a.setTopic("example.com", schemas.TypeBounce, bounces)
	a.createIdentity(ours, "sender@example.com")
	got, _, err := account.IdentityFor(t.Context(), a.Read, ours, "Sender <SENDER@example.com>")
	if err != nil || got.Identity != "sender@example.com" || got.BounceTopic != "" {
		t.Errorf("got %+v, error %v, want the address's own settings", got, err)
	}
	if got := a.resolve(ours, "other@example.com"); got != "example.com" {
		t.Errorf("got %q, want the domain", got)
	}
}

func TestTheMostGranularIdentityCounts(t *testing.T) {
	a := open(t)
	for _, identity := range []string{"example.com", "news.example.com", "com", "andrew@example.com", "eve+verified@example.com", "exämple.net"} {
		a.createIdentity(ours, identity)
	}
	for source, want := range map[string]string{
		"a@example.com":               "example.com",
		"a@news.example.com":          "news.example.com",
		"a@a.b.news.example.com":      "news.example.com",
		"a@a.b.example.com":           "example.com",
		"a@notexample.com":            "", // a top-level domain covers nothing
		"a@com":                       "com",
		"andrew+r1@example.com":       "andrew@example.com",
		"andrew+r1+r2@example.com":    "andrew@example.com",
		"Andrew <ANDREW@EXAMPLE.com>": "andrew@example.com",
		"eve+verified@example.com":    "eve+verified@example.com",
		"eve@example.com":             "example.com",
		"eve+other@example.com":       "example.com",
		"eve+verified+x@example.com":  "example.com",
		"+andrew@example.com":         "example.com",
		`"a+b c"@example.com`:         "example.com",
		"a@xn--exmple-cua.net":        "xn--exmple-cua.net",
		"example.com":                 "example.com",
		"sub.example.com":             "example.com",
		"a@[192.0.2.1]":               "",
		"":                            "",
		"nobody":                      "",
	} {
		if got := a.resolve(ours, source); got != want {
			t.Errorf("%s: got %q, want %q", source, got, want)
		}
	}
	if got := a.resolve(theirs, "a@example.com"); got != "" {
		t.Errorf("another account: got %q", got)
	}
}

func TestOfAllAccountsTheMostGranularThenTheFirstCounts(t *testing.T) {
	a := open(t)
	a.createIdentity(theirs, "example.com")
	a.createIdentity(ours, "example.com")
	a.createIdentity(theirs, "news@example.com")
	for source, want := range map[string]string{"a@example.com": ours, "news+1@example.com": theirs, "a@example.net": ""} {
		got, _, err := account.IdentityOf(t.Context(), a.Read, source)
		if err != nil || got.Account != want {
			t.Errorf("%s: got %+v, error %v, want account %q", source, got, err, want)
		}
	}
}

func TestBouncesAndComplaintsHaveOneChannelAtLeast(t *testing.T) {
	a := open(t)
	a.createIdentity(ours, "example.com")
	forwards := func(bounce, complaint bool) {
		t.Helper()
		i := a.get("example.com")
		if i.Forwards(schemas.TypeBounce) != bounce || i.Forwards(schemas.TypeComplaint) != complaint || i.Forwards(schemas.TypeDelivery) {
			t.Errorf("got %+v, want bounces forwarded %v, complaints %v, deliveries never", i, bounce, complaint)
		}
	}
	forwards(true, true)
	a.setTopic("example.com", schemas.TypeBounce, bounces)
	if err := a.setForwarding("example.com", false); !errors.Is(err, account.ErrNoChannel) {
		t.Errorf("without a topic for complaints: got %v, want ErrNoChannel", err)
	}
	forwards(true, true)
	a.setTopic("example.com", schemas.TypeComplaint, complaints)
	if err := a.setForwarding("example.com", false); err != nil {
		t.Error(err)
	}
	forwards(false, false)
	a.setTopic("example.com", schemas.TypeBounce, "")
	forwards(true, false)
	a.setTopic("example.com", schemas.TypeBounce, bounces)
	forwards(false, false)
	if err := a.setForwarding("example.com", true); err != nil {
		t.Error(err)
	}
	forwards(true, true)
}

func TestHeadersAreSetForEachKind(t *testing.T) {
	a := open(t)
	a.createIdentity(ours, "example.com")
	a.transact(func(ctx context.Context, tx *sql.Tx) error {
		return account.SetHeaders(ctx, tx, ours, "example.com", schemas.TypeComplaint, false)
	})
	got := a.get("example.com")
	if got.Headers(schemas.TypeComplaint) || !got.Headers(schemas.TypeBounce) || !got.Headers(schemas.TypeDelivery) {
		t.Errorf("got %+v", got)
	}
}

func TestIdentitiesAreListedInPagesAndDeleted(t *testing.T) {
	a := open(t)
	want := []string{"B@example.com", "a.example", `"c"@example.com`, "d@example.com"}
	for _, identity := range want {
		a.createIdentity(ours, identity)
	}
	a.createIdentity(theirs, "example.org")
	want = []string{"a.example", "B@example.com", `"c"@example.com`, "d@example.com"}
	var got []string
	for after := ""; ; {
		page, err := account.ListIdentities(t.Context(), a.Read, ours, after, 1)
		if err != nil {
			t.Fatal(err)
		}
		if len(page) == 0 {
			break
		}
		after = page[0].Identity
		got = append(got, after)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for _, want := range []bool{true, false} {
		a.transact(func(ctx context.Context, tx *sql.Tx) error {
			existed, err := account.DeleteIdentity(ctx, tx, ours, "b@EXAMPLE.com")
			if existed != want {
				t.Errorf("got existed %v, want %v", existed, want)
			}
			return err
		})
	}
}

func TestAnAccountHasTenThousandIdentitiesAtMost(t *testing.T) {
	a := open(t)
	a.transact(func(ctx context.Context, tx *sql.Tx) error {
		for i := range account.MaxIdentities {
			_, err := tx.ExecContext(ctx, `INSERT INTO identities VALUES ($1, $2, $2, '', '', '', 1, 1, 1, 1, 0, '', 0, 'null', '')`, ours, fmt.Sprintf("a%d.example", i))
			if err != nil {
				return err
			}
		}
		return nil
	})
	a.setTopic("a7.example", schemas.TypeBounce, bounces)
	err := a.try(func(ctx context.Context, tx *sql.Tx) error {
		_, err := account.CreateIdentity(ctx, tx, ours, "example.com", now)
		return err
	})
	if !errors.Is(err, account.ErrTooMany) {
		t.Errorf("got %v, want ErrTooMany", err)
	}
	a.createIdentity(theirs, "example.com")
}

func TestAnIdentityThatBreaksARuleIsRefused(t *testing.T) {
	a := open(t)
	a.createIdentity(ours, "example.com")
	create := func(owner, identity string) func(context.Context, *sql.Tx) error {
		return func(ctx context.Context, tx *sql.Tx) error {
			_, err := account.CreateIdentity(ctx, tx, owner, identity, now)
			return err
		}
	}
	for name, test := range map[string]struct {
		do   func(context.Context, *sql.Tx) error
		want error
	}{
		"empty":      {create(ours, ""), account.ErrInvalid},
		"no address": {create(ours, "@example.com"), account.ErrInvalid},
		"no domain":  {create(ours, "exam ple.com"), account.ErrInvalid},
		"long":       {create(ours, strings.Repeat("a.", 200)+"com"), account.ErrInvalid},
		"no account": {create("999999999999", "example.com"), account.ErrNotFound},
		"unknown": {func(ctx context.Context, tx *sql.Tx) error {
			return account.SetForwarding(ctx, tx, ours, "example.org", true)
		}, account.ErrNotFound},
		"kind": {func(ctx context.Context, tx *sql.Tx) error {
			return account.SetTopic(ctx, tx, ours, "example.com", "Open", bounces)
		}, account.ErrInvalid},
		"kind of headers": {func(ctx context.Context, tx *sql.Tx) error {
			return account.SetHeaders(ctx, tx, ours, "example.com", "", true)
		}, account.ErrInvalid},
		"put": {func(ctx context.Context, tx *sql.Tx) error {
			return account.PutIdentity(ctx, tx, account.Identity{Account: ours, Identity: "example.org", ComplaintTopic: complaints})
		}, account.ErrNoChannel},
		"put unknown": {func(ctx context.Context, tx *sql.Tx) error {
			return account.PutIdentity(ctx, tx, account.Identity{Account: ours, Identity: "example.org", ForwardingEnabled: true})
		}, account.ErrNotFound},
		"put without account": {func(ctx context.Context, tx *sql.Tx) error {
			return account.PutIdentity(ctx, tx, account.Identity{Account: "1", Identity: "example.org", ForwardingEnabled: true})
		}, account.ErrNotFound},
	} {
		if err := a.try(test.do); !errors.Is(err, test.want) {
			t.Errorf("%s: got %v, want %v", name, err, test.want)
		}
	}
}
