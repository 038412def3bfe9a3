package forward

import (
	"net"
	"strings"
	"testing"

	"github.com/emersion/go-smtp"
)

func TestAPasswordIsNotSentInTheClearToAnotherMachine(t *testing.T) {
	ours, theirs := net.Pipe() // whose other end nobody reads: what is written would hang
	defer ours.Close()
	defer theirs.Close()
	host := SmartHost{Addr: "mx.example.net:25", Username: "rebound", Password: "s3cret"}
	err := host.authenticate(smtp.NewClient(ours))
	if err == nil || !strings.Contains(err.Error(), "not encrypted") || strings.Contains(err.Error(), "s3cret") {
		t.Errorf("got %v", err)
	}
}

func TestOnlyLoopbackIsThisMachine(t *testing.T) {
	for addr, want := range map[string]bool{
		"127.0.0.1:25": true, "localhost:25": true, "[::1]:25": true, "127.8.8.8:587": true,
		"mx.example.net:25": false, "10.0.0.1:25": false, "localhost.example.net:25": false, "127.0.0.1": false,
	} {
		if got := (SmartHost{Addr: addr}).isLocal(); got != want {
			t.Errorf("%s: got %v", addr, got)
		}
	}
}
