package statistics

import (
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// other stands for a label value that is not among the known ones, so that what comes from outside cannot make series
// without end.
const other = "other"

var (
	kinds    = []string{"bounce", "delay", "delivery", "complaint", "autoreply", "none", "error"}
	trusts   = []string{"A", "B", "C"}
	sources  = []string{"smtp", "lmtp", "http", "nats", "file", "mailbox", "event", "relay", "simulator"}
	types    = []string{"Bounce", "Complaint", "Delivery", "DeliveryDelay", "Send"}
	outcomes = []string{"delivered", "retry", "final"}
	lists    = []string{"account", "global"}
	reasons  = []string{"BOUNCE", "COMPLAINT"}
	stages   = []string{"accept", "process", "record", "publish", "attempt"}
)

// Metrics are the Prometheus metrics of a process. The methods may be called by many goroutines at once, and do nothing on
// a nil Metrics.
type Metrics struct {
	feedback      *prometheus.CounterVec
	accepted      *prometheus.CounterVec
	quarantined   prometheus.Counter
	unclassified  prometheus.Counter
	notifications *prometheus.CounterVec
	filteredOut   prometheus.Counter
	attempts      *prometheus.CounterVec
	suppressions  *prometheus.CounterVec
	outbox        prometheus.Gauge
	stages        *prometheus.HistogramVec
}

// NewMetrics registers the metrics. It panics when they are registered already, which is a mistake in the program.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	m := &Metrics{
		feedback: counters("feedback_total",
			"Mails recognized, by kind, by trust that they are about mail of ours (A to C), and by the way they came.", "kind", "trust", "source"),
		accepted: counters("accepted_mails_total", "Mails accepted and made durable, by the way they came.", "source"),
		quarantined: prometheus.NewCounter(prometheus.CounterOpts{Namespace: "rebound", Name: "quarantined_mails_total",
			Help: "Mails set aside because they could not be processed."}),
		unclassified: prometheus.NewCounter(prometheus.CounterOpts{Namespace: "rebound", Name: "unclassified_replies_total",
			Help: "Replies in bounces and delays that no rule knows; GET /v1/unclassified shows the latest."}),
		notifications: counters("notifications_total", "Notifications written to the outbox, by type.", "type"),
		filteredOut: prometheus.NewCounter(prometheus.CounterOpts{Namespace: "rebound", Name: "filtered_out_notifications_total",
			Help: "Notifications that the filter policy of a subscription kept from it."}),
		attempts:     counters("delivery_attempts_total", "Attempts to deliver to a subscriber, by outcome.", "outcome"),
		suppressions: counters("suppression_entries_added_total", "Entries put on a suppression list, by list and reason.", "list", "reason"),
		outbox: prometheus.NewGauge(prometheus.GaugeOpts{Namespace: "rebound", Name: "outbox_entries",
			Help: "Outbox entries that wait for an attempt."}),
		stages: prometheus.NewHistogramVec(prometheus.HistogramOpts{Namespace: "rebound", Name: "stage_seconds",
			Help:    "Time that a stage of the pipeline takes, in seconds.",
			Buckets: prometheus.ExponentialBuckets(25e-6, 4, 10)}, []string{"stage"}), // 25 µs to 6.6 s
	}
	reg.MustRegister(m.feedback, m.accepted, m.quarantined, m.unclassified, m.notifications, m.filteredOut, m.attempts, m.suppressions, m.outbox, m.stages)
	m.start()
	return m
}

func counters(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "rebound", Name: name, Help: help}, labels)
}

// start makes the small families count from zero, because a series that appears with its first event hides that event
// from rate().
func (m *Metrics) start() {
	for vec, values := range map[*prometheus.CounterVec][]string{m.accepted: sources, m.notifications: types, m.attempts: outcomes} {
		for _, value := range values {
			vec.WithLabelValues(value)
		}
	}
	for _, list := range lists {
		for _, reason := range reasons {
			m.suppressions.WithLabelValues(list, reason)
		}
	}
}

// Feedback counts a mail that was recognized: its kind as `rebound parse` prints it, its trust (A, B or C), and the way it
// came (smtp, lmtp, http …).
func (m *Metrics) Feedback(kind, trust, source string) {
	if m != nil {
		m.feedback.WithLabelValues(known(kinds, kind), known(trusts, trust), known(sources, source)).Inc()
	}
}

// Accepted counts a mail that was made durable, by the way it came.
func (m *Metrics) Accepted(source string) {
	if m != nil {
		m.accepted.WithLabelValues(known(sources, source)).Inc()
	}
}

// Quarantined counts a mail that was set aside.
func (m *Metrics) Quarantined() {
	if m != nil {
		m.quarantined.Inc()
	}
}

// Unclassified counts a reply that no rule knows.
func (m *Metrics) Unclassified() {
	if m != nil {
		m.unclassified.Inc()
	}
}

// Notification counts a notification (Bounce, Complaint, Delivery, DeliveryDelay or Send) that was written to the outbox.
func (m *Metrics) Notification(notificationType string) {
	if m != nil {
		m.notifications.WithLabelValues(known(types, notificationType)).Inc()
	}
}

// FilteredOut counts notifications that filter policies kept from subscriptions.
func (m *Metrics) FilteredOut(n int) {
	if m != nil {
		m.filteredOut.Add(float64(n))
	}
}

// Attempt counts an attempt to deliver, by outcome: delivered, retry or final.
func (m *Metrics) Attempt(outcome string) {
	if m != nil {
		m.attempts.WithLabelValues(known(outcomes, outcome)).Inc()
	}
}

// Suppressed counts an entry put on a list (account or global) for a reason (BOUNCE or COMPLAINT).
func (m *Metrics) Suppressed(list, reason string) {
	if m != nil {
		m.suppressions.WithLabelValues(known(lists, list), known(reasons, reason)).Inc()
	}
}

// Outbox sets how many outbox entries wait.
func (m *Metrics) Outbox(waiting int) {
	if m != nil {
		m.outbox.Set(float64(waiting))
	}
}

// Stage notes how long a stage took: accept, process, record, publish or attempt.
func (m *Metrics) Stage(name string, took time.Duration) {
	if m != nil {
		m.stages.WithLabelValues(known(stages, name)).Observe(took.Seconds())
	}
}

func known(values []string, value string) string {
	if slices.Contains(values, value) {
		return value
	}
	return other
}
