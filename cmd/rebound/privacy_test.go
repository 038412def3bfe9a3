package main

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"
)

func TestAddressesInTheLogAreMaskedWhenTheSettingsSaySo(t *testing.T) {
	t.Parallel()
	write := func(masked string) string {
		var out bytes.Buffer
		s := settings{}
		s.Logs.MaskAddresses = masked
		log := slog.New(s.logHandler(&out)).With("from", "news@example.org").WithGroup("mail")
		log.Warn("no mail to <jane.doe@example.net>", "to", []string{"joe@example.net", "ann+tag@example.net"}, "error", fmt.Errorf("550 %w", errors.New(`"a b"@example.net`)),
			slog.Group("more", "id", "m1@sender.example"), "count", 3, "url", "http://user:secret@host.example/x")
		return out.String()
	}
	plain := write("false")
	for _, local := range []string{"jane.doe@", "joe@", "ann+tag@", "news@"} {
		if !strings.Contains(plain, local) {
			t.Errorf("%s is masked although nobody asked: %s", local, plain)
		}
		if strings.Contains(write("true"), local) {
			t.Errorf("%s is not masked: %s", local, write("true"))
		}
	}
	for _, want := range []string{"<j***@example.net>", "[j***@example.net a***@example.net]", "n***@example.org", "a***@example.net", "mail.more.id=m***@sender.example", "mail.count=3"} {
		if !strings.Contains(write("true"), want) {
			t.Errorf("no %s in %s", want, write("true"))
		}
	}
}

func TestMailsAreKeptAsLongAsTheSettingsSay(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{"14d": 14 * 24 * time.Hour, "36h": 36 * time.Hour, "": 0} {
		s := settings{}
		s.Retention.Raw = text
		if got := s.rawRetention(); got != want || len(s.checkPrivacy()) != 0 {
			t.Errorf("%q: got %s, %v", text, got, s.checkPrivacy())
		}
	}
	for _, text := range []string{"23h", "0d", "366d", "two weeks", "-3d"} {
		s := settings{}
		s.Retention.Raw = text
		if problems := s.checkPrivacy(); len(problems) != 1 || !strings.Contains(problems[0].Error(), "retention.raw") {
			t.Errorf("%q: got %v", text, problems)
		}
	}
	s := settings{}
	s.Logs.MaskAddresses = "yes"
	if problems := s.checkPrivacy(); len(problems) != 1 {
		t.Errorf("got %v", problems)
	}
}
