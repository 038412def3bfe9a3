package query_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"testing"

	"github.com/rebound-mail/rebound/processor/account"
	"github.com/rebound-mail/rebound/processor/awsapi/auth"
	"github.com/rebound-mail/rebound/processor/awsapi/query"
	"github.com/rebound-mail/rebound/processor/store"
)

// service has an action for each form of an answer.
func service() *query.Service {
	answer := func(result any, err error) func(context.Context, auth.Caller, query.Values) (any, error) {
		return func(context.Context, auth.Caller, query.Values) (any, error) { return result, err }
	}
	type point struct {
		Attempts int
		Name     string `xml:",omitempty"`
	}
	return &query.Service{Prefix: "ses", Version: "2010-12-01", Namespace: "http://ses.amazonaws.com/doc/2010-12-01/", Denied: "AccessDenied", Internal: "InternalFailure",
		Log: slog.New(slog.DiscardHandler), Actions: map[string]query.Action{
			"Structures": {Permission: account.Read, Handle: answer(struct {
				Points query.List[point]
				Names  query.List[string]
			}{Points: query.List[point]{{1, ""}, {2, "<&>\x00"}}}, nil)},
			"Maps": {Permission: account.Read, Handle: answer(struct {
				Attributes query.Map[point]
				Empty      query.Map[string]
			}{Attributes: query.Map[point]{"b": {2, ""}, "a": {1, ""}}}, nil)},
			"Nothing":  {Permission: account.Read, Handle: answer(nil, nil)},
			"NoResult": {Permission: account.Read, NoResult: true, Handle: answer(nil, nil)},
			"Open":     {Permission: account.Administer, Unsigned: true, NoResult: true, Handle: answer(nil, nil)},
			"Refused":  {Permission: account.Read, Handle: answer(nil, fmt.Errorf("wrapped: %w", query.Refuse("LimitExceeded", "at most %d", 5)))},
			"Busy":     {Permission: account.Read, Handle: answer(nil, fmt.Errorf("x: %w", store.ErrBusy))},
			"Broken":   {Permission: account.Read, Handle: answer(nil, errors.New("secret words"))},
			"Endless":  {Permission: account.Read, Handle: answer(func() {}, nil)},
		}}
}

var anyID = regexp.MustCompile(`<RequestId>[0-9a-f-]{36}</RequestId>`)

func call(caller auth.Caller, values query.Values) (status int, body string) {
	recorder := httptest.NewRecorder()
	service().Call(recorder, httptest.NewRequest(http.MethodPost, "/", nil), caller, values)
	return recorder.Code, anyID.ReplaceAllString(recorder.Body.String(), "<RequestId/>")
}

func TestAnswersAreWrittenAsAWSWritesThem(t *testing.T) {
	const space, end = ` xmlns="http://ses.amazonaws.com/doc/2010-12-01/">`, "<ResponseMetadata><RequestId/></ResponseMetadata>"
	failure := func(kind, code, message string) string {
		return "<ErrorResponse" + space + "<Error><Type>" + kind + "</Type><Code>" + code + "</Code><Message>" + message + "</Message></Error><RequestId/></ErrorResponse>\n"
	}
	reader := auth.As("111111111111", "AKIAEXAMPLE", account.Read)
	for _, test := range []struct {
		action, version string
		caller          auth.Caller
		status          int
		want            string
	}{
		{"Structures", "", reader, 200, "<StructuresResponse" + space + "<StructuresResult><Points><member><Attempts>1</Attempts></member><member><Attempts>2</Attempts><Name>&lt;&amp;&gt;\uFFFD</Name></member></Points>" +
			"<Names></Names></StructuresResult>" + end + "</StructuresResponse>\n"},
		{"Maps", "2010-12-01", reader, 200, "<MapsResponse" + space + "<MapsResult><Attributes><entry><key>a</key><value><Attempts>1</Attempts></value></entry><entry><key>b</key><value><Attempts>2</Attempts></value></entry></Attributes>" +
			"<Empty></Empty></MapsResult>" + end + "</MapsResponse>\n"},
		{"Nothing", "", reader, 200, "<NothingResponse" + space + "<NothingResult></NothingResult>" + end + "</NothingResponse>\n"},
		{"NoResult", "", reader, 200, "<NoResultResponse" + space + end + "</NoResultResponse>\n"},
		{"Open", "", auth.Caller{}, 200, "<OpenResponse" + space + end + "</OpenResponse>\n"},
		{"Open", "", reader, 403, failure("Sender", "AccessDenied", "User: arn:aws:iam::111111111111:user/AKIAEXAMPLE is not authorized to perform: ses:Open because the access key lacks the permission administer")},
		{"Nothing", "", auth.Caller{}, 403, failure("Sender", "MissingAuthenticationToken", "Request is missing Authentication Token")},
		{"Nothing", "2010-03-31", reader, 400, failure("Sender", "InvalidAction", "Could not find operation Nothing for version 2010-03-31")},
		{"Fly", "", reader, 400, failure("Sender", "InvalidAction", "The action Fly is not valid for this web service.")},
		{"", "", reader, 400, failure("Sender", "MissingAction", "The request must contain the parameter Action.")},
		{"Refused", "", reader, 400, failure("Sender", "LimitExceeded", "at most 5")},
		{"Busy", "", reader, 503, failure("Receiver", "ServiceUnavailable", "Nothing can be written now. Try again later.")},
		{"Broken", "", reader, 500, failure("Receiver", "InternalFailure", "The server&#39;s log says more.")},
		{"Endless", "", reader, 500, failure("Receiver", "InternalFailure", "The server&#39;s log says more.")},
	} {
		values := query.Values{"Action": test.action}
		if test.version != "" {
			values["Version"] = test.version
		}
		if status, got := call(test.caller, values); status != test.status || got != test.want {
			t.Errorf("%s: got %d %s\nwant %d %s", test.action, status, got, test.status, test.want)
		}
	}
}
