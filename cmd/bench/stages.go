package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/rebound-mail/rebound/processor/returnpath"
	"github.com/rebound-mail/rebound/processor/sentmail"
	"github.com/rebound-mail/rebound/processor/store"
	"github.com/rebound-mail/rebound/processor/topic"
	"github.com/rebound-mail/rebound/schemas"
)

// stages measures the processor time of what comes after reading and can be called by itself.
func (b *bench) stages(ctx context.Context) ([]section, error) {
	b.say("processor time of each stage")
	var works []work
	for _, make := range []func(context.Context) (works []work, done func() error, err error){b.findWork, b.sendWorks} {
		more, done, err := make(ctx)
		if err != nil {
			return nil, err
		}
		defer done()
		works = append(works, more...)
	}
	costs, err := measureWorks(works, b.time(workTime))
	if err != nil {
		return nil, err
	}
	return []section{workSection(works, costs)}, nil
}

func workSection(works []work, costs []cost) section {
	s := section{Key: "after", Title: "After reading (one goroutine)", Columns: []column{{"cpuSeconds", "CPU", seconds}, {"allocations", "allocs", whole},
		{"allocatedBytes", "bytes", whole}}}
	for i, c := range costs {
		s.Rows = append(s.Rows, row{Name: works[i].name, Values: []float64{c.cpu, c.allocations, c.bytes}})
	}
	return s
}

// findWork looks mails up by the return paths of a run.
func (b *bench) findWork(ctx context.Context) ([]work, func() error, error) {
	opened, err := store.Open(ctx, databaseIn(b.done.data))
	if err != nil {
		return nil, nil, err
	}
	now := time.Now()
	keys, err := returnpath.LoadKeys(keysIn(b.done.data), now)
	if err != nil {
		return nil, nil, err
	}
	paths := b.done.paths[:min(len(b.done.paths), 1000)]
	find := work{name: "correlate: verify a return path, find its mail", calls: len(paths), pass: func() error {
		for _, path := range paths {
			local, _, _ := strings.Cut(path, "@")
			token, _ := returnpath.Find(local)
			verified, err := keys.Verify(token, now)
			if err != nil {
				return err
			}
			if _, _, ok, err := sentmail.ByRecipientID(ctx, opened.Read, verified.RecipientID); err != nil || !ok {
				return fmt.Errorf("the mail of %s is not there (%v)", path, err)
			}
		}
		return nil
	}}
	return []work{find}, opened.Close, nil
}

// sendWorks write a notification and sign its envelope, once anew and once as for a further subscriber.
func (b *bench) sendWorks(context.Context) ([]work, func() error, error) {
	dir, err := b.temp("signing")
	if err != nil {
		return nil, nil, err
	}
	signer, err := topic.LoadSigner(dir, "https://rebound.example", time.Now())
	if err != nil {
		return nil, nil, err
	}
	var envelope schemas.Envelope
	if err := json.Unmarshal(b.done.samples[0].body, &envelope); err != nil {
		return nil, nil, err
	}
	var notification schemas.BounceNotification
	if err := json.Unmarshal([]byte(envelope.Message), &notification); err != nil {
		return nil, nil, err
	}
	seal := func(version, id string) error {
		to := topic.Topic{ARN: envelope.TopicArn, SignatureVersion: version}
		_, _, err := signer.Notification(to, topic.Subscription{ARN: to.ARN + ":" + id}, topic.Message{ID: id, Text: envelope.Message, At: envelope.Timestamp.Time},
			"http://127.0.0.1:8025")
		return err
	}
	const many = 100
	repeat := func(name string, do func() error) work {
		return work{name: name, calls: many, pass: func() error {
			for range many {
				if err := do(); err != nil {
					return err
				}
			}
			return nil
		}}
	}
	return []work{
		repeat("write: a notification to JSON", func() error { _, err := schemas.Marshal(notification); return err }),
		repeat("sign: an envelope, version 1 (SHA-1)", func() error { return seal(topic.SignatureSHA1, schemas.NewUUID()) }),
		repeat("sign: an envelope, version 2 (SHA-256)", func() error { return seal(topic.SignatureSHA256, schemas.NewUUID()) }),
		repeat("sign: the same to a further subscriber", func() error { return seal(topic.SignatureSHA1, envelope.MessageID) }),
	}, func() error { return nil }, nil
}
