package classify

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	// maxSample is the length of a sample; a reply that says more is cut.
	maxSample = 300
	// maxSamples is how many samples are kept.
	maxSamples = 100
)

// sample returns what was said in the words that rules are made of: without
// addresses, and with "#" for numbers and for words that hold digits, so that
// the same reply about other mails is the same sample.
func sample(in Input) string {
	said := in.Diagnostic
	if strings.TrimSpace(said) == "" {
		said, _ = about(in.Text[:min(len(in.Text), maxText)], in.Address)
	}
	words := strings.Fields(string(fold(said, 2*maxSample)))
	for i, word := range words {
		if digit := strings.IndexAny(word, "0123456789"); digit >= 0 {
			start := strings.LastIndexAny(word[:digit], "[(<=/:#") + 1
			words[i] = word[:start] + "#"
		}
	}
	if len(words) > 0 && strings.HasSuffix(words[0], ";") { // the type of a Diagnostic-Code
		words = words[1:]
	}
	text := strings.TrimLeft(strings.Join(words, " "), " #:;,.-")
	return strings.ToValidUTF8(text[:min(len(text), maxSample)], "")
}

// Sample is a reply that no rule knows, and how often it came.
type Sample struct {
	// Reply is what was said, in lower case, without addresses and numbers.
	Reply string `json:"reply"`
	// SMTPReply and Status are the codes that came with it last, "" when none.
	SMTPReply string `json:"smtpReply,omitempty"`
	Status    string `json:"status,omitempty"`
	// BounceType and BounceSubType are the verdict that it got last.
	BounceType    string `json:"bounceType"`
	BounceSubType string `json:"bounceSubType"`
	Count         int64  `json:"count"`
	// First and Last are when it came.
	First time.Time `json:"first"`
	Last  time.Time `json:"last"`
}

// Samples keeps the latest hundred distinct replies that no rule knows. The zero
// value is ready. It is safe for concurrent use.
type Samples struct {
	mutex sync.Mutex
	kept  map[string]*Sample
}

// Add counts a verdict that came at a time. It reports whether no rule knows the
// reply; a verdict that a rule gave is left alone. A nil collection keeps
// nothing.
func (s *Samples) Add(r Result, at time.Time) bool {
	if r.Unknown == "" {
		return false
	}
	if s == nil {
		return true
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	one := s.kept[r.Unknown]
	if one == nil {
		if s.kept == nil {
			s.kept = map[string]*Sample{}
		}
		if len(s.kept) >= maxSamples {
			s.dropOldest()
		}
		one = &Sample{Reply: r.Unknown, First: at}
		s.kept[r.Unknown] = one
	}
	one.Count++
	one.Last = at
	one.SMTPReply, one.Status = r.SMTPReply, ""
	if !r.Status.IsZero() {
		one.Status = r.Status.String()
	}
	one.BounceType, one.BounceSubType = r.BounceType, r.BounceSubType
	return true
}

func (s *Samples) dropOldest() {
	var oldest *Sample
	for _, one := range s.kept {
		if oldest == nil || one.Last.Before(oldest.Last) || one.Last.Equal(oldest.Last) && one.Reply < oldest.Reply {
			oldest = one
		}
	}
	delete(s.kept, oldest.Reply)
}

// List returns the samples, the most frequent first.
func (s *Samples) List() []Sample {
	if s == nil {
		return nil
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	list := make([]Sample, 0, len(s.kept))
	for _, one := range s.kept {
		list = append(list, *one)
	}
	slices.SortFunc(list, func(a, b Sample) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), b.Last.Compare(a.Last), cmp.Compare(a.Reply, b.Reply))
	})
	return list
}
