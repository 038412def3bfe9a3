package filter_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rebound-mail/rebound/processor/topic/filter"
	"github.com/rebound-mail/rebound/schemas"
)

// A minute is for machines that do much else; what is not linear takes hours.
func TestHostileBodiesCostLittle(t *testing.T) {
	expressions := strings.Repeat(`{"wildcard":"*a*a*a*a*b*a*c"},{"suffix":"c"},{"anything-but":{"wildcard":"*"}},`, 40)
	p := compile(t, `{"k":[`+expressions+`"x"]}`, filter.MessageBody)
	deep := compile(t, `{"a":{"a":{"a":[1]}}}`, filter.MessageBody)
	for name, body := range map[string]string{
		"a long text":                  `{"k":"` + strings.Repeat("a", 1<<16) + `"}`,
		"many values":                  `{"k":[` + strings.Repeat(`"a",`, 1<<14) + `1]}`,
		"deep arrays":                  `{"k":` + strings.Repeat("[", 9000) + `"x"` + strings.Repeat("]", 9000) + `}`,
		"arrays without an end":        `{"k":` + strings.Repeat("[", 1<<16),
		"the same key again and again": `{` + strings.Repeat(`"k":"a",`, 1<<13) + `"k":1}`,
		"keys of a long name":          `{"` + strings.Repeat("k.", 1<<14) + `":{"k":1}}`,
		"deep objects":                 strings.Repeat(`{"a":`, 9000) + "1" + strings.Repeat("}", 9000),
		"a long number":                `{"k":1` + strings.Repeat("0", 1<<16) + `}`,
		"a large exponent":             `{"k":1e999999999}`,
	} {
		t.Run(name, func(t *testing.T) {
			begun := time.Now()
			p.Matches(filter.NewMessage(nil, body))
			deep.Matches(filter.NewMessage(nil, body))
			p.Matches(filter.NewMessage(map[string]schemas.MessageAttribute{"k": {Type: "Number", Value: body}}, ""))
			if spent := time.Since(begun); spent > time.Minute {
				t.Errorf("took %v", spent)
			}
		})
	}
}

func TestCacheCompilesAPolicyOnce(t *testing.T) {
	var c filter.Cache
	first, err := c.Compile(`{"a":["x"]}`, filter.MessageBody)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := c.Compile(`{"a":["x"]}`, filter.MessageBody); again != first || err != nil {
		t.Errorf("got %p, %v, want %p again", again, err, first)
	}
	other, err := c.Compile(`{"a":["x"]}`, filter.MessageAttributes)
	if err != nil || other.Matches(filter.NewMessage(nil, `{"a":"x"}`)) {
		t.Errorf("got the policy of another scope: %v", err)
	}
	for range 2 {
		if p, err := c.Compile(`{"a":[]}`, ""); p != nil || err == nil {
			t.Errorf("got %v, %v, want the error again", p, err)
		}
	}
}

func TestCacheKeepsWhatIsInUseAndForgetsTheRest(t *testing.T) {
	var c filter.Cache
	used, err := c.Compile(`{"used":["x"]}`, "")
	if err != nil {
		t.Fatal(err)
	}
	idle, err := c.Compile(`{"idle":["x"]}`, "")
	if err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	for worker := range 4 {
		group.Go(func() {
			for i := range 18 { // together 18 MB of text
				text := `{"k":["` + strings.Repeat(string(rune('a'+worker)), 250<<10) + strings.Repeat("x", i) + `"]}`
				if _, err := c.Compile(text, ""); err != nil {
					t.Error(err)
				}
				if p, err := c.Compile(`{"used":["x"]}`, ""); p != used || err != nil {
					t.Errorf("what is in use was compiled again: %v", err)
				}
			}
		})
	}
	group.Wait()
	if again, err := c.Compile(`{"idle":["x"]}`, ""); again == idle || err != nil {
		t.Errorf("what nobody used is still kept, %v", err)
	}
}

const benchmarked = `{"notificationType":"Bounce","bounce":{"feedbackId":"0102018f-9d","bounceType":"Permanent","bounceSubType":"General",` +
	`"bouncedRecipients":[{"emailAddress":"nobody@example.com","action":"failed","status":"5.1.1","diagnosticCode":"smtp; 550 5.1.1 user unknown"}],` +
	`"timestamp":"2026-01-27T14:59:38.237Z","reportingMTA":"dns; mx.example.org"},"mail":{"timestamp":"2026-01-27T14:59:38.237Z",` +
	`"source":"news@example.org","messageId":"00000138-1","destination":["nobody@example.com"],"headersTruncated":false,"headers":[` +
	`{"name":"From","value":"News <news@example.org>"},{"name":"To","value":"nobody@example.com"},{"name":"Subject","value":"Hello"}],` +
	`"commonHeaders":{"from":["News <news@example.org>"],"to":["nobody@example.com"],"subject":"Hello"}}}`

func BenchmarkMatches(b *testing.B) {
	b.Run("body", func(b *testing.B) {
		p := compile(b, `{"notificationType":["Bounce"],"bounce":{"bounceType":["Permanent"]},"mail":{"source":[{"suffix":"@example.org"}]}}`, filter.MessageBody)
		b.ReportAllocs()
		for b.Loop() {
			if !p.Matches(filter.NewMessage(nil, benchmarked)) {
				b.Fatal("no match")
			}
		}
	})
	b.Run("attributes", func(b *testing.B) {
		p := compile(b, `{"kind":["bounce",{"prefix":"com"}],"size":[{"numeric":[">",1,"<",9]}]}`, filter.MessageAttributes)
		attributes := map[string]schemas.MessageAttribute{"kind": {Type: "String", Value: "complaint"}, "size": {Type: "Number", Value: "3"}}
		b.ReportAllocs()
		for b.Loop() {
			if !p.Matches(filter.NewMessage(attributes, benchmarked)) {
				b.Fatal("no match")
			}
		}
	})
}
