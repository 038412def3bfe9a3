package query_test

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rebound-mail/rebound/processor/awsapi/query"
)

const form = "application/x-www-form-urlencoded; charset=utf-8"

func parse(t *testing.T, body string) query.Values {
	t.Helper()
	values, err := query.Parse("", []byte(body), form)
	if err != nil {
		t.Fatal(err)
	}
	return values
}

func TestParametersComeFromTheURLAndTheBody(t *testing.T) {
	got, err := query.Parse("Action=Publish&a=1%202&", []byte("Message=Gr%C3%BC%C3%9Fe+%26+more&empty=&bare"), form)
	if err != nil {
		t.Fatal(err)
	}
	want := query.Values{"Action": "Publish", "a": "1 2", "Message": "Grüße & more", "empty": "", "bare": ""}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if !got.Has("empty") || got.Has("none") || got.Get("none") != "" {
		t.Error("what is empty is as absent")
	}
}

func TestListsMapsAndStructures(t *testing.T) {
	values := parse(t, "L.member.2=b&L.member.1=a&L.member.10=c&L.member.x=no&L.member.3.Inner=no&E=&M.entry.1.key=k&M.entry.1.value=v&M.entry.7.key=l&M.entry.7.value="+
		"&S.member.1.Id=1&S.member.1.T.member.1.Key=x&S.member.2.Id=2&Message.Body.Text.Data=hello")
	if diff := cmp.Diff([]string{"a", "b", "c"}, values.List("L")); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]string{"k": "v", "l": ""}, values.Map("M")); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]query.Values{{"Id": "1", "T.member.1.Key": "x"}, {"Id": "2"}}, values.Structures("S.member")); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(query.Values{"Text.Data": "hello"}, values.Structure("Message.Body")); diff != "" {
		t.Error(diff)
	}
	if values.List("E") != nil || values.Map("none") != nil || values.Structures("none") != nil {
		t.Error("what is empty is not")
	}
}

func TestFormsThatAreNone(t *testing.T) {
	var many strings.Builder
	for i := range 4097 {
		fmt.Fprintf(&many, "a%d=&", i)
	}
	for name, test := range map[string]struct{ query, body, kind string }{
		"a bad name": {"", "%zz=1", form}, "a bad value": {"a=%", "", form}, "a parameter twice": {"a=1", "a=2", form}, "too many": {"", many.String(), form},
		"a long name": {"", strings.Repeat("n", 257) + "=1", form}, "JSON": {"", "{}", "application/json"}, "no type": {"", "a=1", ";"},
	} {
		_, err := query.Parse(test.query, []byte(test.body), test.kind)
		var refused *query.Error
		if !errors.As(err, &refused) || refused.Code != "MalformedQueryString" {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// A form of any bytes gives parameters or an error, never a panic, and no more parameters than there are ampersands.
func FuzzParse(f *testing.F) {
	f.Add("Action=Publish&Version=2010-03-31", "MessageAttributes.entry.1.Name=a&MessageAttributes.entry.1.Value.DataType=String&L.member.1=%41")
	f.Add("a=b", "a.member.99999999999999999999=x&a.member.-1=y&a.member.1.member.1=z&.=&a.entry.1.key")
	f.Fuzz(func(t *testing.T, rawQuery, body string) {
		values, err := query.Parse(rawQuery, []byte(body), form)
		if err != nil {
			return
		}
		if len(values) > strings.Count(rawQuery, "&")+strings.Count(body, "&")+2 {
			t.Errorf("%d parameters", len(values))
		}
		for name, value := range values {
			prefix, _, _ := strings.Cut(name, ".")
			items := len(values.List(prefix)) + len(values.Map(prefix)) + len(values.Structures(prefix+".member")) + len(values.Structure(prefix))
			if items > 4*len(values) {
				t.Errorf("%d items from %d parameters", items, len(values))
			}
			again, err := query.Parse("", []byte(url.Values{name: {value}}.Encode()), form)
			if err != nil || again[name] != value {
				t.Errorf("%q=%q does not come back: %v", name, value, err)
			}
		}
	})
}
