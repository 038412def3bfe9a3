package statistics_test

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/rebound-mail/rebound/processor/statistics"
)

// scrape returns what Prometheus would read.
func scrape(t *testing.T, reg *prometheus.Registry) string {
	t.Helper()
	answer := httptest.NewRecorder()
	promhttp.HandlerFor(reg, promhttp.HandlerOpts{}).ServeHTTP(answer, httptest.NewRequest("GET", "/metrics", nil))
	if answer.Code != 200 {
		t.Fatalf("got status %d: %s", answer.Code, answer.Body)
	}
	return answer.Body.String()
}

func count(m *statistics.Metrics) {
	m.Feedback("bounce", "A", "smtp")
	m.Feedback("bounce", "A", "smtp")
	m.Accepted("lmtp")
	m.Quarantined()
	m.Unclassified()
	m.Notification("Complaint")
	m.Attempt("retry")
	m.Suppressed("global", "BOUNCE")
	m.Outbox(7)
	m.Stage("record", 30*time.Microsecond)
}

func TestMetricsShowWhatWasCounted(t *testing.T) {
	reg := prometheus.NewRegistry()
	count(statistics.NewMetrics(reg))
	got := scrape(t, reg)
	for _, want := range []string{
		`rebound_feedback_total{kind="bounce",source="smtp",trust="A"} 2`,
		`rebound_accepted_mails_total{source="lmtp"} 1`,
		`rebound_quarantined_mails_total 1`,
		`rebound_unclassified_replies_total 1`,
		`rebound_notifications_total{type="Complaint"} 1`,
		`rebound_delivery_attempts_total{outcome="retry"} 1`,
		`rebound_suppression_entries_added_total{list="global",reason="BOUNCE"} 1`,
		`rebound_outbox_entries 7`,
		`rebound_stage_seconds_bucket{stage="record",le="0.0001"} 1`,
		`rebound_stage_seconds_bucket{stage="record",le="2.5e-05"} 0`,
	} {
		if !strings.Contains(got, want+"\n") {
			t.Errorf("%s is missing in:\n%s", want, got)
		}
	}
}

func TestMetricsStartAtZero(t *testing.T) {
	reg := prometheus.NewRegistry()
	statistics.NewMetrics(reg)
	got := scrape(t, reg)
	for _, want := range []string{
		`rebound_accepted_mails_total{source="smtp"} 0`,
		`rebound_notifications_total{type="Bounce"} 0`,
		`rebound_delivery_attempts_total{outcome="final"} 0`,
		`rebound_suppression_entries_added_total{list="account",reason="COMPLAINT"} 0`,
		`rebound_outbox_entries 0`,
	} {
		if !strings.Contains(got, want+"\n") {
			t.Errorf("%s is missing in:\n%s", want, got)
		}
	}
}

func TestEachMetricHasAHelpText(t *testing.T) {
	reg := prometheus.NewRegistry()
	count(statistics.NewMetrics(reg))
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	if len(families) != 10 {
		t.Errorf("got %d metrics, want 10", len(families))
	}
	for _, family := range families {
		if !strings.HasPrefix(family.GetName(), "rebound_") || !strings.HasSuffix(family.GetHelp(), ".") {
			t.Errorf("got %s with help %q", family.GetName(), family.GetHelp())
		}
	}
}

func TestUnknownLabelValuesMakeNoSeriesOfTheirOwn(t *testing.T) {
	reg := prometheus.NewRegistry()
	m := statistics.NewMetrics(reg)
	for _, odd := range []string{"x", "Y", "\xff", strings.Repeat("z", 1000)} {
		m.Feedback(odd, odd, odd)
		m.Accepted(odd)
		m.Notification(odd)
		m.Attempt(odd)
		m.Suppressed(odd, odd)
		m.Stage(odd, time.Second)
	}
	got := scrape(t, reg)
	for _, want := range []string{
		`rebound_feedback_total{kind="other",source="other",trust="other"} 4`,
		`rebound_accepted_mails_total{source="other"} 4`,
		`rebound_notifications_total{type="other"} 4`,
		`rebound_delivery_attempts_total{outcome="other"} 4`,
		`rebound_suppression_entries_added_total{list="other",reason="other"} 4`,
		`rebound_stage_seconds_count{stage="other"} 4`,
	} {
		if !strings.Contains(got, want+"\n") {
			t.Errorf("%s is missing in:\n%s", want, got)
		}
	}
	if strings.Contains(got, "zzz") {
		t.Error("a value from outside became a label")
	}
}

func TestNoMetricsMayBeUsed(t *testing.T) {
	count(nil)
}
