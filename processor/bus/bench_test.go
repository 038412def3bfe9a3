package bus_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/rebound-mail/rebound/processor/bus"
)

// benchMail is of the size of a common bounce.
var benchMail = bus.Mail{
	Raw: bytes.Repeat([]byte("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcd\r\n"), 60), Source: "smtp",
	To: []string{"bounces+abcdefghijklmnopqrstuvwxyz234567abcdefgh@example.org"}, RemoteIP: "192.0.2.1",
}

// BenchmarkPublishMail measures mails a second with 1, 64 and 512 callers at once, and beside them what JetStream does
// in the same run with nothing around it.
func BenchmarkPublishMail(b *testing.B) {
	for _, callers := range []int{1, 64, 512} {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) {
			bench := openBench(b)
			b.SetBytes(int64(len(benchMail.Raw)))
			var next atomic.Int64
			var done sync.WaitGroup
			b.ResetTimer()
			for range callers {
				done.Go(func() {
					for next.Add(1) <= int64(b.N) {
						if _, err := bench.PublishMail(context.Background(), benchMail); err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			done.Wait()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "mails/s")
		})
	}
	b.Run("bare-batches-of-500", func(b *testing.B) { benchBare(b, 500) })
}

func openBench(b *testing.B) *bus.Bus {
	bench, err := bus.Open(b.Context(), bus.Options{Dir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := bench.Close(); err != nil {
			b.Error(err)
		}
	})
	return bench
}

// benchBare publishes atomic batches one after the other from two publishers, over a server of the same settings.
func benchBare(b *testing.B, size int) {
	nats := startBare(b)
	b.SetBytes(int64(len(benchMail.Raw)))
	var next atomic.Int64
	var done sync.WaitGroup
	b.ResetTimer()
	for publisher := range 2 {
		done.Go(func() {
			for {
				n := next.Add(int64(size))
				if n-int64(size) >= int64(b.N) {
					return
				}
				count := min(size, size-int(n-int64(b.N)))
				if err := bareBatch(nats, fmt.Sprintf("%d-%d", publisher, n), max(count, 1)); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	done.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "mails/s")
}

func startBare(b *testing.B) *nats.Conn {
	bare, err := server.NewServer(&server.Options{
		DontListen: true, JetStream: true, StoreDir: b.TempDir(), SyncAlways: true, NoSigs: true, NoLog: true,
	})
	if err != nil {
		b.Fatal(err)
	}
	bare.Start()
	conn, err := nats.Connect("", nats.InProcessServer(bare))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		conn.Close()
		bare.Shutdown()
		bare.WaitForShutdown()
	})
	js, err := jetstream.New(conn)
	if err != nil {
		b.Fatal(err)
	}
	_, err = js.CreateStream(b.Context(), jetstream.StreamConfig{Name: "BARE", Subjects: []string{"bare"}, AllowAtomicPublish: true})
	if err != nil {
		b.Fatal(err)
	}
	return conn
}

func bareBatch(conn *nats.Conn, id string, count int) error {
	for i := range count {
		message := &nats.Msg{Subject: "bare", Data: benchMail.Raw, Header: nats.Header{
			"Nats-Batch-Id": {id}, "Nats-Batch-Sequence": {strconv.Itoa(i + 1)},
		}}
		if i+1 < count {
			if err := conn.PublishMsg(message); err != nil {
				return err
			}
			continue
		}
		message.Header["Nats-Batch-Commit"] = []string{"1"}
		reply, err := conn.RequestMsg(message, 10*time.Second)
		if err != nil {
			return err
		}
		var answer struct{ Count int }
		if err := json.Unmarshal(reply.Data, &answer); err != nil || answer.Count != count {
			return fmt.Errorf("got %s, error %v", reply.Data, err)
		}
	}
	return nil
}

// BenchmarkFetchMails measures fetching and acknowledging batches of 500.
func BenchmarkFetchMails(b *testing.B) {
	bench := openBench(b)
	var done sync.WaitGroup
	var next atomic.Int64
	for range 512 {
		done.Go(func() {
			for next.Add(1) <= int64(b.N) {
				if _, err := bench.PublishMail(context.Background(), benchMail); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	done.Wait()
	b.SetBytes(int64(len(benchMail.Raw)))
	b.ResetTimer()
	for got := 0; got < b.N; {
		mails, err := bench.FetchMails(b.Context(), 500, time.Second)
		if err != nil {
			b.Fatal(err)
		}
		if err := bench.Ack(b.Context(), mails); err != nil {
			b.Fatal(err)
		}
		got += len(mails)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "mails/s")
}
