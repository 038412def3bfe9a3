package delivery

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// judge tells what an answer means. As in SNS, 2xx is a delivery, 4xx is final and the rest is tried again; unlike SNS we also try again
// what the status itself says is a matter of time. Redirects are not followed, because they would lead anywhere.
func judge(r *http.Response, answer string, now time.Time) Result {
	result := Result{Outcome: Retry, Status: r.StatusCode, Answer: answer, Err: fmt.Errorf("HTTP %d", r.StatusCode)}
	switch status := r.StatusCode; {
	case status >= 200 && status <= 299:
		result.Outcome, result.Err = Delivered, nil
	case status >= 300 && status <= 399:
		result.Outcome = Final
		result.Err = fmt.Errorf("HTTP %d: redirects are not followed; subscribe the address that answers itself", status)
	case status == http.StatusRequestTimeout, status == http.StatusTooEarly, status == http.StatusTooManyRequests,
		status == http.StatusServiceUnavailable:
		result.RetryAfter = retryAfter(r.Header.Get("Retry-After"), now)
	case status >= 400 && status <= 499:
		result.Outcome = Final
	}
	return result
}

// retryAfter reads seconds or a date (RFC 9110, section 10.2.3); 0 when there is neither.
func retryAfter(value string, now time.Time) time.Duration {
	if seconds, err := strconv.ParseUint(value, 10, 32); err == nil {
		return min(time.Duration(seconds)*time.Second, retryLimit)
	}
	if at, err := http.ParseTime(value); err == nil {
		return min(max(0, at.Sub(now)), retryLimit)
	}
	return 0
}

// failure tells what an exchange without an answer means: it is tried again, but for an address that we do not send to. The error leaves
// out the URL, which may hold a secret in its path or query.
func failure(ctx context.Context, err error) Result {
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	if errors.Is(err, ErrNotPublic) {
		return Result{Outcome: Final, Err: err}
	}
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		err = fmt.Errorf("no answer in %v", requestTimeout)
	}
	return Result{Outcome: Retry, Err: err}
}
