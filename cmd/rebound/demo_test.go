package main

import (
	"bytes"
	"context"
	"strings"
	"testing"
)

func TestDemoShowsEverything(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 2*demoTime) // the race detector and a busy machine slow it down
	defer cancel()
	var out bytes.Buffer
	if err := runDemo(ctx, &out); err != nil {
		t.Fatalf("%v\n%s", err, &out)
	}
	for _, shown := range []string{"SubscriptionConfirmation", "Bounce Permanent/NoEmail", "Bounce Transient/General", "Bounce Permanent/Suppressed", "Complaint abuse", "Delivery",
		"before: nouser@remote.example is on no list", "after:  nouser@remote.example is on the account list (BOUNCE)", "to owner@plain.example", "All of it arrived"} {
		if !strings.Contains(out.String(), shown) {
			t.Errorf("%q is not shown:\n%s", shown, &out)
		}
	}
}
