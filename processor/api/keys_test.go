package api_test

import (
	"database/sql"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rebound-mail/rebound/processor/account"
	"github.com/rebound-mail/rebound/processor/api"
)

func TestAKeyIsMadeWithPermissionsAndItsSecretShownOnce(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	var made api.Key
	s.do(http.MethodPost, "/v1/keys", api.Key{Permissions: []account.Permission{account.Send, account.Read}}, &made)
	stored, err := account.GetKey(t.Context(), s.api.Store.Read, made.ID)
	if err != nil || stored.Secret != made.Secret || stored.Account != account.DefaultID || !stored.May(account.Send) || stored.May(account.Administer) {
		t.Errorf("got %+v, stored %+v, %v", made, stored, err)
	}
	s.do(http.MethodPost, "/v1/keys?account="+otherAccount, api.Key{}, &made)
	if diff := cmp.Diff([]account.Permission{account.Administer}, made.Permissions); diff != "" {
		t.Errorf("a key without named permissions: %s", diff)
	}
	_, listed := s.ask(http.MethodGet, "/v1/keys?account="+otherAccount, nil)
	if strings.Count(listed, `"id"`) != 2 || strings.Contains(listed, "secret") || strings.Contains(listed, stored.ID) {
		t.Errorf("got %s", listed)
	}
	s.refuses([]refusal{
		{"unknown permission", http.MethodPost, "/v1/keys", `{"permissions":["fly"]}`, 400, `"fly" is none of`},
		{"own secret", http.MethodPost, "/v1/keys", `{"secret":"x"}`, 400, "leave them out"},
		{"unknown account", http.MethodPost, "/v1/keys?account=999999999999", `{}`, 404, "no account"},
		{"another account's key", http.MethodDelete, "/v1/keys?id=" + made.ID, nil, 404, "has no access key"},
		{"no key", http.MethodDelete, "/v1/keys?id=x", nil, 404, "has no access key x"},
	})
	s.do(http.MethodDelete, "/v1/keys?id="+stored.ID, nil, nil)
	if _, err := account.GetKey(t.Context(), s.api.Store.Read, stored.ID); err == nil {
		t.Error("the key is still there")
	}
}

// A request with a key does only what the key's permissions say; the operator on this machine, without a key, may do everything.
func TestAKeyMayDoWhatItsPermissionsSay(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	requests := map[account.Permission][][3]string{
		account.Read: {{"GET", "/v1/suppression"}, {"GET", "/v1/topics"}, {"GET", "/v1/statistics"}, {"GET", "/v1/accounts"},
			{"POST", "/v1/suppression/check", `{"addresses":["a@b.example"]}`}},
		account.Suppress: {{"PUT", "/v1/suppression", `{"emailAddress":"a@b.example","reason":"BOUNCE"}`}, {"DELETE", "/v1/suppression?address=a@b.example"}},
		account.Send:     {{"POST", "/v1/sent", `{"source":"a@b.example","destination":["c@d.example"]}`}, {"POST", "/v1/feedback", "From: a@b.example\r\n\r\nx"}},
		account.Administer: {{"POST", "/v1/topics", `{"name":"t"}`}, {"POST", "/v1/subscriptions", "{}"}, {"PUT", "/v1/identities", `{"identity":"b.example"}`},
			{"PUT", "/v1/accounts", `{"id":"111111111111"}`}, {"GET", "/v1/keys"}, {"POST", "/v1/keys", "{}"}, {"DELETE", "/v1/keys?id=x"}},
	}
	for _, permission := range account.Permissions() {
		var key account.AccessKey
		s.transact(func(tx *sql.Tx) (err error) {
			key, err = account.CreateKey(t.Context(), tx, otherAccount, now, permission)
			return err
		})
		for needed, each := range requests {
			for _, request := range each {
				status, answer := s.askAs(caller{from: "192.0.2.7:4000", key: &key}, request[0], request[1], request[2])
				var said struct{ Message string }
				_ = json.Unmarshal([]byte(answer), &said)
				denied := status == http.StatusForbidden && said.Message == "access key "+key.ID+" lacks the permission "+string(needed)
				if want := permission != needed && permission != account.Administer; denied != want {
					t.Errorf("%s %s with %s: got %d %s", request[0], request[1], permission, status, answer)
				}
			}
		}
	}
}
