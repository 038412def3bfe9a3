package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// batchSize is the size of the batches and transactions of the bounds, as of the product's largest.
const batchSize = 500

// jetStream is a server with nothing around it, which syncs before it answers.
type jetStream struct {
	server *server.Server
	conn   *nats.Conn
	stream jetstream.JetStream
	batch  atomic.Int64
	mail   atomic.Int64
}

func startJetStream(ctx context.Context, dir string) (*jetStream, error) {
	bare, err := server.NewServer(&server.Options{DontListen: true, JetStream: true, StoreDir: dir, SyncAlways: true, NoSigs: true, NoLog: true})
	if err != nil {
		return nil, err
	}
	bare.Start()
	s := &jetStream{server: bare}
	if err := s.connect(ctx); err != nil {
		s.stop()
		return nil, err
	}
	return s, nil
}

func (s *jetStream) connect(ctx context.Context) (err error) {
	if !s.server.ReadyForConnections(10 * time.Second) {
		return errors.New("the bare server did not start")
	}
	if s.conn, err = nats.Connect("", nats.InProcessServer(s.server)); err != nil {
		return err
	}
	if s.stream, err = jetstream.New(s.conn); err != nil {
		return err
	}
	_, err = s.stream.CreateStream(ctx, jetstream.StreamConfig{Name: "BARE", Subjects: []string{"bare"}, AllowAtomicPublish: true})
	return err
}

func (s *jetStream) stop() {
	if s.conn != nil {
		s.conn.Close()
	}
	s.server.Shutdown()
	s.server.WaitForShutdown()
}

// next is a report like those that the product gets.
func (s *jetStream) next() []byte { return bounce(int(s.mail.Add(1)), returnPathOf(noToken)) }

// publishOne publishes a report and waits until it is durable.
func (s *jetStream) publishOne(ctx context.Context, _ int) error {
	_, err := s.stream.Publish(ctx, "bare", s.next())
	return err
}

// batchesOf publishes so many reports with each call, as one atomic batch (ADR-50 of the NATS project), and waits until they are durable.
func (s *jetStream) batchesOf(size int) func(context.Context, int) error {
	return func(ctx context.Context, _ int) error { return s.publishBatch(ctx, size) }
}

func (s *jetStream) publishBatch(ctx context.Context, size int) error {
	id := strconv.FormatInt(s.batch.Add(1), 10)
	for i := range size {
		message := &nats.Msg{Subject: "bare", Data: s.next(), Header: nats.Header{"Nats-Batch-Id": {id}, "Nats-Batch-Sequence": {strconv.Itoa(i + 1)}}}
		if i+1 < size {
			if err := s.conn.PublishMsg(message); err != nil {
				return err
			}
			continue
		}
		message.Header["Nats-Batch-Commit"] = []string{"1"}
		reply, err := s.conn.RequestMsgWithContext(ctx, message)
		if err != nil {
			return err
		}
		var answer struct{ Count int }
		if err := json.Unmarshal(reply.Data, &answer); err != nil || answer.Count != size {
			return fmt.Errorf("the batch was answered with %s (%v)", reply.Data, err)
		}
	}
	return nil
}
