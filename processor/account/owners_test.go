package account_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rebound-mail/rebound/processor/account"
	"github.com/rebound-mail/rebound/schemas"
)

func TestATopicIsOwnedByTheIdentitiesThatUseIt(t *testing.T) {
	a := open(t)
	for _, identity := range []string{"news@example.org", "example.net", "other.example"} {
		a.createIdentity(ours, identity)
	}
	a.setTopic("news@example.org", schemas.TypeComplaint, bounces)
	a.setTopic("example.net", schemas.TypeBounce, bounces)
	a.setTopic("other.example", schemas.TypeBounce, complaints)
	for arn, want := range map[string][]string{bounces: {"postmaster@example.net", "news@example.org"}, deliveries: {}} {
		got, err := account.Owners(t.Context(), a.Read, arn)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}
}
