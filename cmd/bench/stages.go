package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/rebound-mail/rebound/dsn"
	"github.com/rebound-mail/rebound/dsn/report"
	"github.com/rebound-mail/rebound/processor"
	"github.com/rebound-mail/rebound/processor/classify"
	"github.com/rebound-mail/rebound/processor/returnpath"
	"github.com/rebound-mail/rebound/processor/sentmail"
	"github.com/rebound-mail/rebound/processor/store"
	"github.com/rebound-mail/rebound/processor/topic"
	"github.com/rebound-mail/rebound/schemas"
)

// stages measures the processor time of what can be called by itself, and of other readers of the same mails.
func (b *bench) stages(ctx context.Context) ([]section, error) {
	b.say("processor time of each stage")
	mails, err := readRecordings(filepath.Join(b.root, "testdata", "recordings"))
	if err != nil {
		return nil, err
	}
	works := readingWorks(mails)
	readers := len(works)
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
	return []section{readingSection(works[:readers], costs[:readers]), workSection(works[readers:], costs[readers:])}, nil
}

// readRecordings reads the mails that real mail systems made.
func readRecordings(folder string) (mails [][]byte, err error) {
	err = filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".eml") {
			return err
		}
		mail, err := os.ReadFile(path)
		mails = append(mails, mail)
		return err
	})
	if err == nil && len(mails) == 0 {
		err = fmt.Errorf("no mails in %s", folder)
	}
	return mails, err
}

// readingWorks are the whole of Recognize, its stages, and other readers; each reads all mails.
func readingWorks(mails [][]byte) []work {
	var bounces []*report.Message
	var causes []classify.Input
	for _, mail := range mails {
		message, err := report.Read(bytes.NewReader(mail))
		if err != nil {
			continue
		}
		parsed, err := dsn.Parse(message)
		if err != nil {
			continue
		}
		bounces = append(bounces, message)
		for _, r := range parsed.Recipients {
			causes = append(causes, classify.Input{Action: string(r.Action), Status: r.Status, Diagnostic: r.DiagnosticCode, Text: message.Text, Address: r.Address})
		}
	}
	rules := classify.Default()
	return []work{
		each("processor.Recognize", mails, func(mail []byte) { processor.Recognize(bytes.NewReader(mail), rules) }),
		each("of it: report.Read", mails, func(mail []byte) { _, _ = report.Read(bytes.NewReader(mail)) }),
		each("of it: dsn.Parse, of a DSN", bounces, func(m *report.Message) { _, _ = dsn.Parse(m) }),
		each("of it: Classify, a recipient", causes, func(in classify.Input) { rules.Classify(in) }),
		each("go-message, parts walked", mails, walkGoMessage),
		each("net/mail and mime/multipart, parts walked", mails, walkNetMail),
		each("a scan for line ends", mails, scanLines),
	}
}

// each is the work of calling do for each item; the size is that of mails.
func each[T any](name string, items []T, do func(T)) work {
	w := work{name: name, calls: len(items), pass: func() error {
		for _, item := range items {
			do(item)
		}
		return nil
	}}
	for _, item := range items {
		if mail, ok := any(item).([]byte); ok {
			w.bytes += len(mail)
		}
	}
	return w
}

func readingSection(works []work, costs []cost) section {
	s := section{Key: "reading", Title: fmt.Sprintf("Reading %d recorded mails (one goroutine)", works[0].calls), Columns: []column{
		{"mailsPerSecond", "mails/s", whole}, {"megabytesPerSecond", "MB/s", whole}, {"cpuSeconds", "CPU", seconds}, {"allocations", "allocs", whole},
		{"allocatedBytes", "bytes", whole}, {"ofRecognize", "×Recognize", times}}}
	for i, c := range costs {
		rate, megabytes := none, none
		if works[i].bytes > 0 {
			rate, megabytes = 1/c.cpu, float64(works[i].bytes)/float64(works[i].calls)/c.cpu/1e6
		}
		s.Rows = append(s.Rows, row{Name: works[i].name, Values: []float64{rate, megabytes, c.cpu, c.allocations, c.bytes, c.cpu / costs[0].cpu}})
	}
	return s
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
