package bus_test

import (
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/rebound-mail/rebound/processor/bus"
)

func TestMailsAreKeptAsLongAsIsSetAlsoInStreamsThatAreThere(t *testing.T) {
	folder := t.TempDir()
	for _, set := range []struct{ option, mails, large time.Duration }{
		{0, 14 * 24 * time.Hour, 28 * 24 * time.Hour}, {36 * time.Hour, 36 * time.Hour, 72 * time.Hour},
	} {
		b, err := bus.Open(t.Context(), bus.Options{Dir: folder, Listen: "127.0.0.1:0", RawRetention: set.option, Logger: quiet})
		if err != nil {
			t.Fatal(err)
		}
		conn, err := nats.Connect(b.URL())
		if err != nil {
			t.Fatal(err)
		}
		js, err := conn.JetStream()
		if err != nil {
			t.Fatal(err)
		}
		for name, want := range map[string]time.Duration{"FEEDBACK": set.mails, "LARGE": set.large, "NOTIFICATIONS": 14 * 24 * time.Hour} {
			if info, err := js.StreamInfo(name); err != nil || info.Config.MaxAge != want {
				t.Errorf("%s: %v, %v, want %s", name, info.Config.MaxAge, err, want)
			}
		}
		conn.Close()
		closeBus(t, b)
	}
}
