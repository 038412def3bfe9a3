package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rebound-mail/rebound/processor/account"
	"github.com/rebound-mail/rebound/processor/api"
)

func TestKeysByCommands(t *testing.T) {
	t.Parallel()
	r := start(t, t.TempDir())
	file := r.must("key", "create", "--permission", "send,read")
	made := lines[api.Key](t, r.must("key", "list", "--json"))
	if len(made) != 2 || made[1].Secret != "" || cmp.Diff([]account.Permission{account.Send, account.Read}, made[1].Permissions) != "" {
		t.Fatalf("got %+v", made)
	}
	stored, err := account.GetKey(t.Context(), r.srv.store.Read, made[1].ID)
	if err != nil || file != "[default]\naws_access_key_id = "+stored.ID+"\naws_secret_access_key = "+stored.Secret {
		t.Errorf("got %q, %v", file, err)
	}
	if table := r.must("key", "list"); !strings.Contains(table, "send read") || strings.Contains(table, stored.Secret) {
		t.Errorf("got %s", table)
	}
	if full := lines[api.Key](t, r.must("key", "create", "--json")); len(full) != 1 || full[0].Secret == "" || full[0].Permissions[0] != account.Administer {
		t.Errorf("got %+v", full)
	}
	r.must("key", "delete", stored.ID)
	if _, stderr, status := command(t, "", "key", "delete", stored.ID, "--url", r.url); status != 1 || !strings.Contains(stderr, "has no access key "+stored.ID) {
		t.Errorf("got %d %s", status, stderr)
	}
	if _, stderr, status := command(t, "", "key", "create", "--permission", "fly", "--url", r.url); status != 1 || !strings.Contains(stderr, `"fly" is none of [send read suppress administer]`) {
		t.Errorf("got %d %s", status, stderr)
	}
}
