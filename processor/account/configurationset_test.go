package account_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rebound-mail/rebound/processor/account"
	"github.com/rebound-mail/rebound/schemas"
	"github.com/rebound-mail/rebound/suppression"
)

const feedbackTopic = "arn:aws:sns:us-east-1:123456789012:feedback"

func (a accounts) createSet(s account.ConfigurationSet) (created account.ConfigurationSet, err error) {
	err = a.try(func(ctx context.Context, tx *sql.Tx) (err error) {
		created, err = account.CreateConfigurationSet(ctx, tx, s, now)
		return err
	})
	return created, err
}

// destination is one of the set news that gets bounces.
func destination(name string) account.EventDestination {
	return account.EventDestination{Account: ours, ConfigurationSet: "news", Name: name, Enabled: true,
		MatchingEventTypes: []account.EventType{account.EventBounce}, TopicARN: feedbackTopic}
}

func (a accounts) createDestination(d account.EventDestination) error {
	return a.try(func(ctx context.Context, tx *sql.Tx) error { return account.CreateEventDestination(ctx, tx, d) })
}

// withSet makes a database with the set news of ours.
func withSet(t *testing.T) accounts {
	a := open(t)
	if _, err := a.createSet(account.ConfigurationSet{Account: ours, Name: "news"}); err != nil {
		t.Fatal(err)
	}
	return a
}

func TestAConfigurationSetIsReadAsItWasCreated(t *testing.T) {
	a := open(t)
	for _, want := range []account.ConfigurationSet{
		{Account: ours, Name: "follows"},
		{Account: ours, Name: "none", SuppressedReasons: []suppression.Reason{}, SendingEnabled: true},
		{Account: ours, Name: "whole", SuppressedReasons: []suppression.Reason{suppression.Complaint}, SendingEnabled: true,
			Tags: map[string]string{"team": "news"}, Options: map[string]json.RawMessage{"DeliveryOptions": json.RawMessage(`{"TlsPolicy":"REQUIRE","later":[1,null]}`)}},
	} {
		created, err := a.createSet(want)
		if err != nil {
			t.Fatal(err)
		}
		want.Created = now
		got, err := account.GetConfigurationSet(t.Context(), a.Read, ours, want.Name)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got) + cmp.Diff(want, created); diff != "" {
			t.Errorf("%s: -want +got:\n%s", want.Name, diff)
		}
	}
}

func TestTheReasonsOfASetCountInPlaceOfTheAccounts(t *testing.T) {
	owner := account.Account{SuppressedReasons: []suppression.Reason{suppression.Bounce}}
	for name, test := range map[string]struct {
		reasons []suppression.Reason
		want    [2]bool // bounce, complaint
	}{
		"follows the account": {nil, [2]bool{true, false}},
		"none":                {[]suppression.Reason{}, [2]bool{false, false}},
		"complaints":          {[]suppression.Reason{suppression.Complaint}, [2]bool{false, true}},
	} {
		set := account.ConfigurationSet{SuppressedReasons: test.reasons}
		if got := [2]bool{set.Suppresses(owner, suppression.Bounce), set.Suppresses(owner, suppression.Complaint)}; got != test.want {
			t.Errorf("%s: got %v, want %v", name, got, test.want)
		}
	}
}

func TestAConfigurationSetIsChangedInPart(t *testing.T) {
	a := withSet(t)
	a.transact(func(ctx context.Context, tx *sql.Tx) error {
		return account.ChangeConfigurationSet(ctx, tx, ours, "news", func(s *account.ConfigurationSet) error {
			s.SuppressedReasons, s.Name = []suppression.Reason{}, "another"
			return nil
		})
	})
	got, err := account.GetConfigurationSet(t.Context(), a.Read, ours, "news")
	if diff := cmp.Diff(account.ConfigurationSet{Account: ours, Name: "news", SuppressedReasons: []suppression.Reason{}, Created: now}, got); err != nil || diff != "" {
		t.Errorf("%v, -want +got:\n%s", err, diff)
	}
	refused := errors.New("refused")
	err = a.try(func(ctx context.Context, tx *sql.Tx) error {
		return account.ChangeConfigurationSet(ctx, tx, ours, "news", func(*account.ConfigurationSet) error { return refused })
	})
	if !errors.Is(err, refused) {
		t.Errorf("got %v, want the error of the change", err)
	}
}

func TestConfigurationSetsAreListedInPagesAndDeletedWithTheirDestinations(t *testing.T) {
	a := open(t)
	for _, name := range []string{"c", "a", "b"} {
		if _, err := a.createSet(account.ConfigurationSet{Account: ours, Name: name}); err != nil {
			t.Fatal(err)
		}
	}
	d := destination("hook")
	d.ConfigurationSet = "b"
	if err := a.createDestination(d); err != nil {
		t.Fatal(err)
	}
	list := func(after string, limit int) (names []string) {
		sets, err := account.ListConfigurationSets(t.Context(), a.Read, ours, after, limit)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range sets {
			names = append(names, s.Name)
		}
		return names
	}
	if diff := cmp.Diff([][]string{{"a", "b"}, {"c"}}, [][]string{list("", 2), list("b", 2)}); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	a.transact(func(ctx context.Context, tx *sql.Tx) error {
		existed, err := account.DeleteConfigurationSet(ctx, tx, ours, "b")
		if again, _ := account.DeleteConfigurationSet(ctx, tx, ours, "b"); !existed || again {
			t.Errorf("existed %t, and the second time %t", existed, again)
		}
		return err
	})
	if _, err := account.EventDestinations(t.Context(), a.Read, ours, "b"); !errors.Is(err, account.ErrNoConfigurationSet) {
		t.Errorf("got %v, want ErrNoConfigurationSet", err)
	}
	if _, err := a.createSet(account.ConfigurationSet{Account: ours, Name: "b"}); err != nil {
		t.Fatal(err)
	}
	if left, err := account.EventDestinations(t.Context(), a.Read, ours, "b"); err != nil || len(left) != 0 {
		t.Errorf("the new set has %v, %v", left, err)
	}
}

func TestAConfigurationSetThatBreaksARuleIsRefused(t *testing.T) {
	a := withSet(t)
	manyTags := map[string]string{}
	for i := range 51 {
		manyTags[fmt.Sprint(i)] = ""
	}
	for name, test := range map[string]struct {
		set  account.ConfigurationSet
		want error
	}{
		"no name":          {account.ConfigurationSet{Account: ours}, account.ErrInvalid},
		"a blank":          {account.ConfigurationSet{Account: ours, Name: "a b"}, account.ErrInvalid},
		"a long name":      {account.ConfigurationSet{Account: ours, Name: strings.Repeat("a", 65)}, account.ErrInvalid},
		"a reason":         {account.ConfigurationSet{Account: ours, Name: "a", SuppressedReasons: []suppression.Reason{"SPAM"}}, account.ErrInvalid},
		"51 tags":          {account.ConfigurationSet{Account: ours, Name: "a", Tags: manyTags}, account.ErrInvalid},
		"an empty tag":     {account.ConfigurationSet{Account: ours, Name: "a", Tags: map[string]string{"": "x"}}, account.ErrInvalid},
		"no JSON":          {account.ConfigurationSet{Account: ours, Name: "a", Options: map[string]json.RawMessage{"x": json.RawMessage("{")}}, account.ErrInvalid},
		"large options":    {account.ConfigurationSet{Account: ours, Name: "a", Options: map[string]json.RawMessage{"x": json.RawMessage(`"` + strings.Repeat("x", 256<<10) + `"`)}}, account.ErrInvalid},
		"a name in use":    {account.ConfigurationSet{Account: ours, Name: "news"}, account.ErrExists},
		"an account of no": {account.ConfigurationSet{Account: "999999999999", Name: "a"}, account.ErrNotFound},
	} {
		if _, err := a.createSet(test.set); !errors.Is(err, test.want) {
			t.Errorf("%s: got %v, want %v", name, err, test.want)
		}
	}
	if _, err := a.createSet(account.ConfigurationSet{Account: theirs, Name: "news"}); err != nil {
		t.Errorf("another account cannot have a set of the same name: %v", err)
	}
}

func TestAnEventDestinationIsReadAsItWasPut(t *testing.T) {
	a := withSet(t)
	if err := a.createDestination(destination("hook")); err != nil {
		t.Fatal(err)
	}
	want := destination("hook")
	want.Enabled, want.TopicARN = false, feedbackTopic+"2"
	want.MatchingEventTypes = account.EventTypes()
	a.transact(func(ctx context.Context, tx *sql.Tx) error { return account.PutEventDestination(ctx, tx, want) })
	got, err := account.EventDestinations(t.Context(), a.Read, ours, "news")
	if diff := cmp.Diff([]account.EventDestination{want}, got); err != nil || diff != "" {
		t.Errorf("%v, -want +got:\n%s", err, diff)
	}
	a.transact(func(ctx context.Context, tx *sql.Tx) error {
		existed, err := account.DeleteEventDestination(ctx, tx, ours, "news", "hook")
		if again, _ := account.DeleteEventDestination(ctx, tx, ours, "news", "hook"); !existed || again {
			t.Errorf("existed %t, and the second time %t", existed, again)
		}
		return err
	})
}

func TestASetHasTenEventDestinationsAtMost(t *testing.T) {
	a := withSet(t)
	for i := range account.MaxEventDestinations {
		if err := a.createDestination(destination(fmt.Sprint("d", i))); err != nil {
			t.Fatal(err)
		}
	}
	if err := a.createDestination(destination("d10")); !errors.Is(err, account.ErrTooMany) {
		t.Errorf("got %v, want ErrTooMany", err)
	}
	if err := a.createDestination(destination("d3")); !errors.Is(err, account.ErrExists) {
		t.Errorf("got %v, want ErrExists", err)
	}
}

func TestAnEventDestinationThatBreaksARuleIsRefused(t *testing.T) {
	a := withSet(t)
	for name, test := range map[string]struct {
		change func(*account.EventDestination)
		want   error
	}{
		"no name":     {func(d *account.EventDestination) { d.Name = "" }, account.ErrInvalid},
		"no type":     {func(d *account.EventDestination) { d.MatchingEventTypes = nil }, account.ErrInvalid},
		"a v1 type":   {func(d *account.EventDestination) { d.MatchingEventTypes = []account.EventType{"bounce"} }, account.ErrInvalid},
		"no topic":    {func(d *account.EventDestination) { d.TopicARN = "" }, account.ErrInvalid},
		"two lines":   {func(d *account.EventDestination) { d.TopicARN += "\nBcc: x" }, account.ErrInvalid},
		"a short ARN": {func(d *account.EventDestination) { d.TopicARN = "arn:aws:sns:us-east-1" }, account.ErrInvalid},
		"no set":      {func(d *account.EventDestination) { d.ConfigurationSet = "other" }, account.ErrNoConfigurationSet},
	} {
		d := destination("hook")
		test.change(&d)
		if err := a.createDestination(d); !errors.Is(err, test.want) {
			t.Errorf("create with %s: got %v, want %v", name, err, test.want)
		}
		err := a.try(func(ctx context.Context, tx *sql.Tx) error { return account.PutEventDestination(ctx, tx, d) })
		if !errors.Is(err, test.want) {
			t.Errorf("put with %s: got %v, want %v", name, err, test.want)
		}
	}
	err := a.try(func(ctx context.Context, tx *sql.Tx) error {
		return account.PutEventDestination(ctx, tx, destination("hook"))
	})
	if !errors.Is(err, account.ErrNotFound) || errors.Is(err, account.ErrNoConfigurationSet) {
		t.Errorf("put of what is not there: got %v, want ErrNotFound alone", err)
	}
	err = a.try(func(ctx context.Context, tx *sql.Tx) error {
		_, err := account.DeleteEventDestination(ctx, tx, ours, "other", "hook")
		return err
	})
	if !errors.Is(err, account.ErrNoConfigurationSet) {
		t.Errorf("delete in a set that is not there: got %v, want ErrNoConfigurationSet", err)
	}
}

func TestADestinationWantsTheTypesThatItMatches(t *testing.T) {
	d := account.EventDestination{Enabled: true, MatchingEventTypes: []account.EventType{account.EventDeliveryDelay, account.EventRenderingFailure, account.EventSend}}
	for kind, want := range map[schemas.NotificationType]bool{"DeliveryDelay": true, "Rendering Failure": true, "Send": true, "Bounce": false, "Delivery": false} {
		if got := d.Wants(kind); got != want {
			t.Errorf("%s: got %t, want %t", kind, got, want)
		}
	}
	if d.Enabled = false; d.Wants("Send") {
		t.Error("a disabled destination wants events")
	}
}

func TestAnAccountAndAnIdentityKeepWhatSESSaysOfThem(t *testing.T) {
	a := open(t)
	a.createIdentity(ours, "example.com")
	a.transact(func(ctx context.Context, tx *sql.Tx) error {
		err := account.Change(ctx, tx, ours, func(changed *account.Account) error {
			changed.SendingPaused, changed.Details = true, json.RawMessage(`{"MailType":"MARKETING"}`)
			return nil
		})
		if err != nil {
			return err
		}
		return account.ChangeIdentity(ctx, tx, ours, "example.com", func(i *account.Identity) error {
			i.Tags, i.ConfigurationSet = map[string]string{"team": "news"}, "news"
			return nil
		})
	})
	owner, err := account.Get(t.Context(), a.Read, ours)
	if err != nil || !owner.SendingPaused || string(owner.Details) != `{"MailType":"MARKETING"}` || len(owner.SuppressedReasons) != 2 {
		t.Errorf("got %+v, error %v", owner, err)
	}
	identity, err := account.GetIdentity(t.Context(), a.Read, ours, "example.com")
	if err != nil || identity.Tags["team"] != "news" || identity.ConfigurationSet != "news" {
		t.Errorf("got %+v, error %v", identity, err)
	}
	for _, details := range []string{"{", strings.Repeat("1", 40<<10)} {
		err := a.try(func(ctx context.Context, tx *sql.Tx) error {
			return account.Change(ctx, tx, ours, func(changed *account.Account) error { changed.Details = json.RawMessage(details); return nil })
		})
		if !errors.Is(err, account.ErrInvalid) {
			t.Errorf("%.20s: got %v, want ErrInvalid", details, err)
		}
	}
}
