package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// The least and the most that retention.raw may be: a mail that waits for the worker over a weekend must not be gone, and the disk is
// not without end.
const (
	minRawRetention = 24 * time.Hour
	maxRawRetention = 365 * 24 * time.Hour
)

func (s settings) checkPrivacy() (problems []error) {
	if text := s.Retention.Raw; text != "" {
		if d, err := parseDays(text); err != nil || d < minRawRetention || d > maxRawRetention {
			problems = append(problems, fmt.Errorf("settings: retention.raw: %q is no time from 1d to 365d, such as 14d or 36h", text))
		}
	}
	if text := s.Logs.MaskAddresses; text != "" && text != "true" && text != "false" {
		problems = append(problems, fmt.Errorf("settings: logs.mask_addresses: %q is neither true nor false", text))
	}
	return problems
}

// rawRetention is how long mails are kept; zero when nothing is said.
func (s settings) rawRetention() time.Duration {
	d, _ := parseDays(s.Retention.Raw) // checkPrivacy has read it
	return d
}

// parseDays reads a duration that may be in days.
func parseDays(text string) (time.Duration, error) {
	if days, ok := strings.CutSuffix(text, "d"); ok {
		n, err := strconv.ParseUint(days, 10, 16)
		return time.Duration(n) * 24 * time.Hour, err
	}
	return time.ParseDuration(text)
}

// logHandler writes the log as the settings say.
func (s settings) logHandler(out io.Writer) slog.Handler {
	handler := slog.Handler(slog.NewTextHandler(out, nil))
	if s.Logs.MaskAddresses == "true" {
		handler = maskingHandler{handler}
	}
	return handler
}

// maskingHandler masks the local part of whatever looks like a mail address in messages and attributes.
type maskingHandler struct{ next slog.Handler }

// Enabled is the other handler's.
func (h maskingHandler) Enabled(ctx context.Context, level slog.Level) bool {
	return h.next.Enabled(ctx, level)
}

// Handle passes a masked record on.
func (h maskingHandler) Handle(ctx context.Context, record slog.Record) error {
	masked := slog.NewRecord(record.Time, record.Level, maskAddresses(record.Message), record.PC)
	record.Attrs(func(attr slog.Attr) bool {
		masked.AddAttrs(maskAttr(attr))
		return true
	})
	return h.next.Handle(ctx, masked)
}

// WithAttrs masks the attributes once.
func (h maskingHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	masked := make([]slog.Attr, len(attrs))
	for i, attr := range attrs {
		masked[i] = maskAttr(attr)
	}
	return maskingHandler{h.next.WithAttrs(masked)}
}

// WithGroup begins a group.
func (h maskingHandler) WithGroup(name string) slog.Handler {
	return maskingHandler{h.next.WithGroup(name)}
}

func maskAttr(attr slog.Attr) slog.Attr {
	switch value := attr.Value.Resolve(); value.Kind() {
	case slog.KindString:
		return slog.String(attr.Key, maskAddresses(value.String()))
	case slog.KindGroup:
		members := make([]any, 0, len(value.Group()))
		for _, member := range value.Group() {
			members = append(members, maskAttr(member))
		}
		return slog.Group(attr.Key, members...)
	case slog.KindAny: // errors, lists and the like, as a text handler writes them
		return slog.String(attr.Key, maskAddresses(fmt.Sprintf("%+v", value.Any())))
	}
	return attr
}

// localPart is what stands before the "@" of an address: an atom, or a string in quotes.
var localPart = regexp.MustCompile(`("(?:[^"\\]|\\.)+"|[^\s"<>()\[\],;:@\\]+)@([\pL\pN\[])`)

// maskAddresses leaves the first letter of local parts: j***@example.net.
func maskAddresses(text string) string {
	return localPart.ReplaceAllStringFunc(text, func(found string) string {
		match := localPart.FindStringSubmatch(found)
		first := []rune(strings.Trim(match[1], `"`))[0]
		return string(first) + "***@" + match[2]
	})
}
