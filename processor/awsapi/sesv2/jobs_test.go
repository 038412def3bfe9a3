package sesv2_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rebound-mail/rebound/processor/awsapi/awsapitest"
	"github.com/rebound-mail/rebound/processor/sentmail"
	"github.com/rebound-mail/rebound/processor/statistics"
	"github.com/rebound-mail/rebound/schemas"
	"github.com/rebound-mail/rebound/suppression"
)

// job is an import or export job as it is shown.
type job struct {
	JobID                 string `json:"JobId"`
	JobStatus             string
	ProcessedRecordsCount int
	FailedRecordsCount    int
	CreatedTimestamp      float64
	CompletedTimestamp    float64
	FailureInfo           struct{ FailedRecordsS3Url, ErrorMessage string }
	ExportDestination     struct{ DataFormat, S3Url string }
	Statistics            struct{ ProcessedRecordsCount, ExportedRecordsCount int }
}

// bucket writes a file into a bucket.
func bucket(s *awsapitest.Server, name, text string) {
	s.Helper()
	path := filepath.Join(s.Data, "buckets", name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		s.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		s.Fatal(err)
	}
}

// inBucket reads the file that an S3 URL means.
func inBucket(s *awsapitest.Server, location string) string {
	s.Helper()
	content, err := os.ReadFile(filepath.Join(s.Data, "buckets", strings.TrimPrefix(location, "s3://")))
	if err != nil {
		s.Fatal(err)
	}
	return string(content)
}

// importJob starts an import job.
func importJob(s *awsapitest.Server, action, location, format string) job {
	s.Helper()
	var made job
	s.Into(&made, "POST", "/import-jobs", map[string]any{
		"ImportDestination": map[string]any{"SuppressionListDestination": map[string]any{"SuppressionListImportAction": action}},
		"ImportDataSource":  map[string]any{"S3Url": location, "DataFormat": format}})
	return made
}

// run does the jobs that wait, and returns one of them as it is then.
func run(s *awsapitest.Server, kind, id string) (done job) {
	s.Helper()
	for {
		did, err := s.Jobs.Next(s.Context())
		if err != nil {
			s.Fatal(err)
		}
		if !did {
			break
		}
	}
	s.Into(&done, "GET", "/"+kind+"-jobs/"+id, nil)
	return done
}

func packed(text string) string {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, _ = w.Write([]byte(text))
	_ = w.Close()
	return out.String()
}

func TestAFileIsBroughtIntoTheListAndOutOfItAgain(t *testing.T) {
	t.Parallel()
	s := awsapitest.New(t)
	bucket(s, "import/march/list.csv.gz", packed("jane@example.net,BOUNCE\nnobody\njoe@example.net,COMPLAINT\nann@example.net,\n"))
	made := importJob(s, "PUT", "s3://import/march/list.csv.gz", "CSV")
	want := `{"JobId":"` + made.JobID + `","ImportDestination":{"SuppressionListDestination":{"SuppressionListImportAction":"PUT"}},"ImportDataSource":{"S3Url":"s3://import/march/list.csv.gz","DataFormat":"CSV"},` +
		`"JobStatus":"CREATED","CreatedTimestamp":1769526000,"ProcessedRecordsCount":0,"FailedRecordsCount":0}`
	if got := s.Call("GET", "/import-jobs/"+made.JobID, nil); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
	done := run(s, "import", made.JobID)
	if done.JobStatus != "COMPLETED" || done.ProcessedRecordsCount != 4 || done.FailedRecordsCount != 2 || done.CompletedTimestamp != 1769526000 {
		t.Errorf("got %+v", done)
	}
	refused := "line,record,reason\n2,nobody,\"\"\"nobody\"\" is no mail address\"\n4,ann@example.net,it has no reason: write BOUNCE or COMPLAINT\n"
	if got := inBucket(s, done.FailureInfo.FailedRecordsS3Url); got != refused {
		t.Errorf("refused: got %s", got)
	}
	if diff := cmp.Diff([]string{"jane@example.net", "joe@example.net"}, names(listed(s, ""))); diff != "" {
		t.Error(diff)
	}
	bucket(s, "import/out.json", "{\"emailAddress\":\"JANE@example.net\"}\n{\"emailAddress\":\"unknown@example.net\"}\n")
	done = run(s, "import", importJob(s, "DELETE", "s3://import/out.json", "JSON").JobID)
	if done.JobStatus != "COMPLETED" || done.ProcessedRecordsCount != 2 || done.FailedRecordsCount != 0 || done.FailureInfo.FailedRecordsS3Url != "" {
		t.Errorf("got %+v", done)
	}
	if diff := cmp.Diff([]string{"joe@example.net"}, names(listed(s, ""))); diff != "" {
		t.Error(diff)
	}
}

func TestAJobThatIsTooLongChangesNothing(t *testing.T) {
	t.Parallel()
	s := awsapitest.New(t)
	bucket(s, "import/long.csv", strings.Repeat("jane@example.net,BOUNCE\n", 100_001))
	bucket(s, "import/longish.csv", strings.Repeat("jane@example.net\n", 10_001))
	for location, action := range map[string]string{"s3://import/long.csv": "PUT", "s3://import/longish.csv": "DELETE"} {
		done := run(s, "import", importJob(s, action, location, "CSV").JobID)
		if done.JobStatus != "FAILED" || !strings.Contains(done.FailureInfo.ErrorMessage, "divide it") {
			t.Errorf("got %+v", done)
		}
	}
	if found := listed(s, ""); len(found) != 0 {
		t.Errorf("got %q", found)
	}
}

func TestOnlyFilesInBucketsAreRead(t *testing.T) {
	t.Parallel()
	s := awsapitest.New(t)
	bucket(s, "import/list.csv", "jane@example.net,BOUNCE\n")
	if err := os.Symlink("/etc/hostname", filepath.Join(s.Data, "buckets/import/link.csv")); err != nil {
		t.Fatal(err)
	}
	for _, location := range []string{"", "list.csv", "s3://import", "s3://import/", "s3://../rebound.db", "s3://import/../../rebound.db", "s3://import//list.csv", "https://import/list.csv", "s3://Import/x", "s3://import/./x"} {
		got := s.REST(s.Key, "POST", "/import-jobs", map[string]any{"ImportDestination": map[string]any{"SuppressionListDestination": map[string]any{"SuppressionListImportAction": "PUT"}},
			"ImportDataSource": map[string]any{"S3Url": location, "DataFormat": "CSV"}})
		if got.Status != 400 || got.Header.Get("x-amzn-ErrorType") != "BadRequestException" {
			t.Errorf("%s: got %d %s", location, got.Status, got.Body)
		}
	}
	for _, location := range []string{"s3://import/none.csv", "s3://import/link.csv", "s3://import/list.csv/x"} {
		if done := run(s, "import", importJob(s, "PUT", location, "CSV").JobID); done.JobStatus != "FAILED" || done.FailureInfo.ErrorMessage == "" || done.ProcessedRecordsCount != 0 {
			t.Errorf("%s: got %+v", location, done)
		}
	}
	s.Fails(400, "BadRequestException", "There are no contact lists here: give SuppressionListDestination as ImportDestination.", "POST", "/import-jobs",
		`{"ImportDestination":{"ContactListDestination":{"ContactListName":"a","ContactListImportAction":"PUT"}},"ImportDataSource":{"S3Url":"s3://a/b","DataFormat":"CSV"}}`)
	s.Fails(400, "BadRequestException", "1 validation error detected: Value at 'importDataSource.dataFormat' failed to satisfy constraint: Member must satisfy enum value set: [CSV, JSON]", "POST", "/import-jobs",
		`{"ImportDestination":{"SuppressionListDestination":{"SuppressionListImportAction":"PUT"}},"ImportDataSource":{"S3Url":"s3://a/b","DataFormat":"XML"}}`)
	s.Fails(404, "NotFoundException", "Job none does not exist.", "GET", "/import-jobs/none", nil)
}

// A runner that is stopped in the middle of a job loses and repeats nothing: another goes on after the last batch.
func TestAJobGoesOnWhereItWasAfterARestart(t *testing.T) {
	t.Parallel()
	s := awsapitest.New(t)
	var lines strings.Builder
	for i := range 5500 {
		fmt.Fprintf(&lines, "a%d@example.net,BOUNCE\n", i)
		if i%1000 == 0 {
			lines.WriteString("refused\n")
		}
	}
	bucket(s, "import/list.csv", lines.String())
	made := importJob(s, "PUT", "s3://import/list.csv", "CSV")
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() {
		for ctx.Err() == nil { // stops once two batches are in
			if found, _, err := suppression.Entries(t.Context(), s.Store.Read, suppression.Query{List: list, Limit: 1000, Now: s.Clock}); err == nil && len(found) == 1000 {
				stop()
			}
		}
	}()
	go func() {
		_, err := s.Jobs.Next(ctx)
		ended <- err
	}()
	err := <-ended
	stop()
	var between job
	s.Into(&between, "GET", "/import-jobs/"+made.JobID, nil)
	t.Logf("stopped after %d records: %v", between.ProcessedRecordsCount, err)
	if err == nil && between.JobStatus != "COMPLETED" || err != nil && between.JobStatus != "PROCESSING" {
		t.Errorf("got %+v after %v", between, err)
	}
	s.Clock = s.Clock.Add(time.Minute)
	done := run(s, "import", made.JobID)
	if done.JobStatus != "COMPLETED" || done.ProcessedRecordsCount != 5506 || done.FailedRecordsCount != 6 || strings.Count(inBucket(s, done.FailureInfo.FailedRecordsS3Url), "\n") != 7 {
		t.Errorf("got %+v", done)
	}
	if found := listed(s, "PageSize=1000"); len(found) != 5500 {
		t.Errorf("got %d addresses", len(found))
	}
	var changes int
	if err := s.Store.Read.QueryRowContext(t.Context(), `SELECT count(*) FROM suppression_change`).Scan(&changes); err != nil || changes != 5500 {
		t.Errorf("%d changes, %v: each address is put once", changes, err)
	}
}

func TestJobsAreListedInPagesTheNewestFirst(t *testing.T) {
	t.Parallel()
	s := awsapitest.New(t)
	var want []string
	for i := range 5 {
		s.Clock = s.Clock.Add(time.Duration(i) * time.Second)
		want = append([]string{importJob(s, "PUT", "s3://import/none.csv", "CSV").JobID}, want...)
	}
	for _, ask := range []func(token string) (method, path string, body any){
		func(token string) (string, string, any) {
			return "POST", "/import-jobs/list", map[string]any{"PageSize": 2, "NextToken": token, "ImportDestinationType": "SUPPRESSION_LIST"}
		},
		func(token string) (string, string, any) {
			return "GET", "/import-jobs?PageSize=2&NextToken=" + token, nil
		},
	} {
		var got []string
		for token := ""; ; {
			var page struct {
				ImportJobs []job
				NextToken  string
			}
			method, path, body := ask(token)
			s.Into(&page, method, path, body)
			for _, one := range page.ImportJobs {
				got = append(got, one.JobID)
			}
			if token = page.NextToken; token == "" {
				break
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}
	if got := s.Call("POST", "/import-jobs/list", `{"ImportDestinationType":"CONTACT_LIST"}`); got != `{"ImportJobs":[]}` {
		t.Errorf("got %s", got)
	}
	s.Fails(400, "InvalidNextTokenException", "The specified next token is invalid.", "POST", "/import-jobs/list", `{"NextToken":"x"}`)
	if other := s.REST(s.KeyOf(awsapitest.Other, "read"), "GET", "/import-jobs/"+want[0], nil); other.Status != 404 {
		t.Errorf("another account's job: got %d %s", other.Status, other.Body)
	}
}

// mails registers two mails, one of which bounced for one of its recipients and was complained about by the other.
func mails(s *awsapitest.Server) (bounced, quiet sentmail.Mail) {
	s.Helper()
	bounced = sentmail.Mail{Account: awsapitest.Owner, HeaderMessageID: "<m1@example.org>", Source: "news@example.org", Destination: []string{"jane@example.net", "joe@example.com"}, Sent: awsapitest.Now,
		Header: []schemas.Header{{Name: "Subject", Value: "=1+1"}}, Tags: map[string][]string{"campaign": {"march"}}}
	quiet = sentmail.Mail{Account: awsapitest.Owner, Source: "shop@example.org", Destination: []string{"ann@example.net"}, Sent: awsapitest.Now.Add(time.Minute)}
	theirs := sentmail.Mail{Account: awsapitest.Other, Source: "a@other.example", Destination: []string{"x@example.net"}, Sent: awsapitest.Now, HeaderMessageID: "<theirs@other.example>"}
	s.Transact(func(tx *sql.Tx) error {
		for _, mail := range []*sentmail.Mail{&bounced, &quiet, &theirs} {
			if _, err := sentmail.Record(s.Context(), tx, mail); err != nil {
				return err
			}
		}
		at := awsapitest.Now.UnixMilli()
		for _, row := range [][]any{
			{"f1", 1, "bounce", at + 2000, at + 1000, "jane@example.net", "failed", "Permanent", "NoEmail", "user", "smtp; 550 5.1.1 no such user"},
			{"f2", 2, "delivery", at + 3000, at + 2500, "Joe@example.com", "delivered", "", "", "", "250 ok"},
			{"f3", 3, "complaint", at + 9000, 0, "joe@example.com", "", "", "", "abuse", ""},
		} {
			_, err := tx.ExecContext(s.Context(), `INSERT INTO feedback (id, seq, account, kind, format, trust, source, received_at, reported_at, message_id, reporting_mta, subject, problem)
				VALUES ($1, $2, $3, $4, '', 'A', 'smtp', $5, $6, $7, '', '', '')`, row[0], row[1], awsapitest.Owner, row[2], row[3], row[4], bounced.MessageID)
			if err != nil {
				return err
			}
			_, err = tx.ExecContext(s.Context(), `INSERT INTO feedback_recipient (feedback_id, position, address, notification_id, outcome, bounce_type, bounce_sub_type, scope, reason, status, diagnostic, listed)
				VALUES ($1, 0, $2, '', $3, $4, $5, '', $6, '', $7, 0)`, row[0], row[5], row[6], row[7], row[8], row[9], row[10])
			if err != nil {
				return err
			}
		}
		return statistics.Add(s.Context(), tx, awsapitest.Owner, awsapitest.Now, statistics.Counts{DeliveryAttempts: 3, Bounces: 1, Complaints: 1, Deliveries: 1})
	})
	return bounced, quiet
}

func TestInsightsTellWhatHappenedToAMail(t *testing.T) {
	t.Parallel()
	s := awsapitest.New(t)
	bounced, quiet := mails(s)
	want := `{"MessageId":"` + bounced.MessageID + `","FromEmailAddress":"news@example.org","Subject":"=1+1","EmailTags":[{"Name":"campaign","Value":"march"}],"Insights":[` +
		`{"Destination":"jane@example.net","Isp":"example.net","Events":[{"Timestamp":1769526000,"Type":"SEND"},{"Timestamp":1769526001,"Type":"BOUNCE","Details":{"Bounce":{"BounceType":"PERMANENT","BounceSubType":"NoEmail","DiagnosticCode":"smtp; 550 5.1.1 no such user"}}}]},` +
		`{"Destination":"joe@example.com","Isp":"example.com","Events":[{"Timestamp":1769526000,"Type":"SEND"},{"Timestamp":1769526002.5,"Type":"DELIVERY"},{"Timestamp":1769526009,"Type":"COMPLAINT","Details":{"Complaint":{"ComplaintFeedbackType":"abuse"}}}]}]}`
	for _, path := range []string{bounced.MessageID + "/", bounced.MessageID, "%3Cm1%40example.org%3E/"} {
		if got := s.Call("GET", "/insights/"+path, nil); got != want {
			t.Errorf("%s: got %s\nwant %s", path, got, want)
		}
	}
	if got := s.Call("GET", "/insights/"+quiet.MessageID+"/", nil); !strings.Contains(got, `"Insights":[{"Destination":"ann@example.net","Isp":"example.net","Events":[{"Timestamp":1769526060,"Type":"SEND"}]}]`) {
		t.Errorf("got %s", got)
	}
	s.Fails(404, "NotFoundException", "Message theirs@other.example does not exist.", "GET", "/insights/theirs@other.example/", nil)
}

func TestInsightsAndMetricsAreExported(t *testing.T) {
	t.Parallel()
	s := awsapitest.New(t)
	bounced, quiet := mails(s)
	const head = "MessageId,SendTimestamp,FromEmailAddress,Destination,Subject,Isp,LastDeliveryEvent,LastDeliveryEventTimestamp,BounceSubType,DiagnosticCode\n"
	jane := bounced.MessageID + ",2026-01-27T15:00:00.000Z,news@example.org,jane@example.net,'=1+1,example.net,PERMANENT_BOUNCE,2026-01-27T15:00:01.000Z,NoEmail,smtp; 550 5.1.1 no such user\n"
	joe := bounced.MessageID + ",2026-01-27T15:00:00.000Z,news@example.org,joe@example.com,'=1+1,example.com,COMPLAINT,2026-01-27T15:00:09.000Z,,\n"
	ann := quiet.MessageID + ",2026-01-27T15:01:00.000Z,shop@example.org,ann@example.net,,example.net,SEND,2026-01-27T15:01:00.000Z,,\n"
	for filters, want := range map[string]string{
		`{}`: head + jane + joe + ann,
		`{"Include":{"Destination":["*@EXAMPLE.net"]}}`:                                       head + jane + ann,
		`{"Include":{"Isp":["example.net"]},"Exclude":{"LastDeliveryEvent":["SEND"]}}`:        head + jane,
		`{"Include":{"LastDeliveryEvent":["COMPLAINT","SEND"],"FromEmailAddress":["news*"]}}`: head + joe,
		`{"Include":{"LastEngagementEvent":["OPEN"]}}`:                                        head,
		`{"MaxResults":1}`: head + jane,
	} {
		var source map[string]any
		_ = json.Unmarshal([]byte(filters), &source)
		source["StartDate"], source["EndDate"] = 1769500000, 1769600000.5
		var made job
		s.Into(&made, "POST", "/export-jobs", map[string]any{"ExportDataSource": map[string]any{"MessageInsightsDataSource": source}, "ExportDestination": map[string]any{"DataFormat": "CSV"}})
		done := run(s, "export", made.JobID)
		if done.JobStatus != "COMPLETED" || done.Statistics.ExportedRecordsCount != strings.Count(want, "\n")-1 {
			t.Errorf("%s: got %+v", filters, done)
		}
		if got := inBucket(s, done.ExportDestination.S3Url); got != want {
			t.Errorf("%s: got %s\nwant %s", filters, got, want)
		}
	}
	var made job
	s.Into(&made, "POST", "/export-jobs", `{"ExportDataSource":{"MetricsDataSource":{"Dimensions":{"ISP":["*"]},"Namespace":"VDM","Metrics":[{"Name":"SEND","Aggregation":"VOLUME"},{"Name":"PERMANENT_BOUNCE","Aggregation":"RATE"}],"StartDate":1769472000,"EndDate":1769558400}},"ExportDestination":{"DataFormat":"JSON"}}`)
	done := run(s, "export", made.JobID)
	if got, want := inBucket(s, done.ExportDestination.S3Url), `{"PERMANENT_BOUNCE_RATE":"0.333333","SEND":"3","Timestamp":"2026-01-27T00:00:00.000Z"}`+"\n"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestAnExportCanBeCancelledUntilItHasEnded(t *testing.T) {
	t.Parallel()
	s := awsapitest.New(t)
	const body = `{"ExportDataSource":{"MessageInsightsDataSource":{"StartDate":1769500000,"EndDate":1769600000}},"ExportDestination":{"DataFormat":"CSV"}}`
	var made, second job
	s.Into(&made, "POST", "/export-jobs", body)
	s.Call("PUT", "/export-jobs/"+made.JobID+"/cancel", nil)
	if done := run(s, "export", made.JobID); done.JobStatus != "CANCELLED" || done.ExportDestination.S3Url != "" {
		t.Errorf("got %+v", done)
	}
	s.Into(&second, "POST", "/export-jobs", body)
	run(s, "export", second.JobID)
	s.Fails(400, "BadRequestException", "Job "+second.JobID+" has ended and cannot be cancelled.", "PUT", "/export-jobs/"+second.JobID+"/cancel", nil)
	s.Fails(404, "NotFoundException", "Job none does not exist.", "PUT", "/export-jobs/none/cancel", nil)
	var page struct{ ExportJobs []job }
	s.Into(&page, "POST", "/list-export-jobs", `{"JobStatus":"CANCELLED","ExportSourceType":"MESSAGE_INSIGHTS"}`)
	if len(page.ExportJobs) != 1 || page.ExportJobs[0].JobID != made.JobID {
		t.Errorf("got %+v", page)
	}
	for body, message := range map[string]string{
		`{"ExportDataSource":{},"ExportDestination":{"DataFormat":"CSV"}}`:                                                                                                                                                  "ExportDataSource has either MetricsDataSource or MessageInsightsDataSource.",
		`{"ExportDataSource":{"MessageInsightsDataSource":{"StartDate":2,"EndDate":1}},"ExportDestination":{"DataFormat":"CSV"}}`:                                                                                           "StartDate must be before EndDate.",
		`{"ExportDataSource":{"MetricsDataSource":{"Namespace":"VDM","Metrics":[{"Name":"OPEN","Aggregation":"RATE"}],"StartDate":1,"EndDate":2}},"ExportDestination":{"DataFormat":"CSV"}}`:                                "Nobody counts OPEN here; there are [COMPLAINT DELIVERY PERMANENT_BOUNCE SEND].",
		`{"ExportDataSource":{"MetricsDataSource":{"Dimensions":{"ISP":["Gmail"]},"Namespace":"VDM","Metrics":[{"Name":"SEND","Aggregation":"RATE"}],"StartDate":1,"EndDate":2}},"ExportDestination":{"DataFormat":"CSV"}}`: "Figures are kept for the whole account: dimension ISP has the value * alone.",
	} {
		s.Fails(400, "BadRequestException", message, "POST", "/export-jobs", body)
	}
}

func TestMetricsHaveAValueForEachDay(t *testing.T) {
	t.Parallel()
	s := awsapitest.New(t)
	s.Transact(func(tx *sql.Tx) error {
		for hours, n := range map[int]int64{1: 1, 2: 2, 20: 4, 48: 8} {
			if err := statistics.Add(t.Context(), tx, awsapitest.Owner, s.Clock.Add(time.Duration(-hours)*time.Hour), statistics.Counts{DeliveryAttempts: n, Bounces: n - 1}); err != nil {
				return err
			}
		}
		return nil
	})
	got := s.Call("POST", "/metrics/batch", `{"Queries":[
		{"Id":"a","Namespace":"VDM","Metric":"SEND","StartDate":1769212800,"EndDate":1769558400},
		{"Id":"b","Namespace":"VDM","Metric":"PERMANENT_BOUNCE","StartDate":1769472000,"EndDate":1769558400.25},
		{"Id":"c","Namespace":"VDM","Metric":"CLICK","StartDate":1769472000,"EndDate":1769558400},
		{"Id":"d","Namespace":"VDM","Metric":"SEND","Dimensions":{"ISP":"Gmail"},"StartDate":1769472000,"EndDate":1769558400}]}`)
	want := `{"Results":[{"Id":"a","Timestamps":[1769299200,1769385600,1769472000],"Values":[8,4,3]},{"Id":"b","Timestamps":[1769472000],"Values":[1]}],"Errors":[` +
		`{"Id":"c","Code":"INTERNAL_FAILURE","Message":"Nobody counts CLICK here; there are [COMPLAINT DELIVERY PERMANENT_BOUNCE SEND]."},` +
		`{"Id":"d","Code":"INTERNAL_FAILURE","Message":"Figures are kept for the whole account: leave the dimensions out."}]}`
	if got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
	for _, body := range []string{`{}`, `{"Queries":[{"Id":"a","Namespace":"VDM","Metric":"X","StartDate":1,"EndDate":2}]}`, `{"Queries":[{"Id":"a","Namespace":"VDM","Metric":"SEND","StartDate":"x","EndDate":2}]}`} {
		if got := s.REST(s.Key, "POST", "/metrics/batch", body); got.Status != 400 {
			t.Errorf("%s: got %d %s", body, got.Status, got.Body)
		}
	}
}
