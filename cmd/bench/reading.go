package main

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/rebound-mail/rebound/dsn"
	"github.com/rebound-mail/rebound/dsn/report"
	"github.com/rebound-mail/rebound/processor"
	"github.com/rebound-mail/rebound/processor/classify"
)

// reading measures the processor time of reading mails, and of other readers of the same mails: those that real mail systems made, or
// those of the folder that was given; and of a bounce that returns a large mail.
func (b *bench) reading(context.Context) ([]section, error) {
	b.say("processor time of reading")
	folder := b.mails
	if folder == "" {
		folder = filepath.Join(b.root, "testdata", "recordings")
	}
	mails, err := readMails(folder)
	if err != nil {
		return nil, err
	}
	large := [][]byte{largeBounce()}
	var sections []section
	for _, s := range []struct {
		key, title string
		works      []work
	}{
		{"reading", fmt.Sprintf("Reading %d mails of %s", len(mails), filepath.Base(folder)), readingWorks(mails)},
		{"readingLarge", fmt.Sprintf("Reading a bounce that returns %d MB (one goroutine)", returnedSize>>20), []work{
			each("processor.Recognize", large, recognize), each("go-message, parts decoded", large, walkGoMessage), each("a scan for line ends", large, scanLines)}},
	} {
		costs, err := measureWorks(s.works, b.time(workTime))
		if err != nil {
			return nil, err
		}
		sections = append(sections, readingSection(s.key, s.title, s.works, costs))
	}
	return sections, nil
}

func recognize(mail []byte) { processor.Recognize(bytes.NewReader(mail), classify.Default()) }

// returnedSize is that of the mail that largeBounce returns.
const returnedSize = 16 << 20

// largeBounce is a bounce with the whole of a mail that had a large attachment: lines of base64.
func largeBounce() []byte {
	mail := bounce(0, returnPathOf("token"))
	last := bytes.LastIndex(mail, []byte("\r\n--"))
	line := []byte(strings.Repeat("QUJD", 19) + "\r\n")
	large := append([]byte{}, mail[:last+2]...)
	large = append(large, bytes.Repeat(line, returnedSize/len(line))...)
	return append(large, mail[last+2:]...)
}

// readMails reads all mails below a folder.
func readMails(folder string) (mails [][]byte, err error) {
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
	parallel := each(fmt.Sprintf("processor.Recognize, %d goroutines", runtime.GOMAXPROCS(0)), mails, recognize)
	parallel.goroutines = runtime.GOMAXPROCS(0)
	return []work{
		each("processor.Recognize", mails, recognize),
		parallel,
		each("of it: report.Read", mails, func(mail []byte) { _, _ = report.Read(bytes.NewReader(mail)) }),
		each("of it: dsn.Parse, of a DSN", bounces, func(m *report.Message) { _, _ = dsn.Parse(m) }),
		each("of it: Classify, a recipient", causes, func(in classify.Input) { rules.Classify(in) }),
		each("go-message, parts decoded and read", mails, readGoMessage),
		each("go-message, parts decoded", mails, walkGoMessage),
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

// readingSection takes the reading that the others are compared with first. What several goroutines do is compared by the time that goes by.
func readingSection(key, title string, works []work, costs []cost) section {
	s := section{Key: key, Title: title, Columns: []column{
		{"mailsPerSecond", "mails/s", whole}, {"megabytesPerSecond", "MB/s", whole}, {"cpuSeconds", "CPU", seconds}, {"allocations", "allocs", whole},
		{"allocatedBytes", "bytes", whole}, {"ofRecognize", "×Recognize", times}}}
	for i, c := range costs {
		pace, first := c.cpu, costs[0].cpu
		if works[i].goroutines > 1 {
			pace, first = c.elapsed, costs[0].elapsed
		}
		rate, megabytes := none, none
		if works[i].bytes > 0 {
			rate, megabytes = 1/pace, float64(works[i].bytes)/float64(works[i].calls)/pace/1e6
		}
		s.Rows = append(s.Rows, row{Name: works[i].name, Values: []float64{rate, megabytes, c.cpu, c.allocations, c.bytes, pace / first}})
	}
	return s
}
