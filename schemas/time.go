package schemas

import (
	"encoding/json"
	"fmt"
	"time"
)

// timeLayout is the only form that all known consumers read: UTC, milliseconds, Z.
const timeLayout = "2006-01-02T15:04:05.000Z"

// Time is a point in time that is written as SES and SNS write it: "2026-01-27T14:59:38.237Z".
type Time struct{ time.Time }

// FormatTime returns t in UTC with milliseconds and a Z, the form of every timestamp that Rebound writes.
func FormatTime(t time.Time) string { return t.UTC().Format(timeLayout) }

// MarshalJSON writes t as FormatTime does.
func (t Time) MarshalJSON() ([]byte, error) { return []byte(`"` + FormatTime(t.Time) + `"`), nil }

// UnmarshalJSON reads any RFC 3339 timestamp.
func (t *Time) UnmarshalJSON(text []byte) error {
	var s string
	if err := json.Unmarshal(text, &s); err != nil {
		return fmt.Errorf("schemas: a timestamp is a string such as %q: %w", timeLayout, err)
	}
	parsed, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return fmt.Errorf("schemas: timestamp %q: %w", s, err)
	}
	t.Time = parsed
	return nil
}
