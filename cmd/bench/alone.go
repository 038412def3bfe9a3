package main

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"sync/atomic"
	"time"
)

// aloneTime is how long HTTP and RSA alone run in a round.
const aloneTime = 700 * time.Millisecond

// part is what a part does alone.
type part struct {
	rate float64 // reports a second
	cpu  float64 // processor time of a report, in seconds
}

// bounds are the parts with nothing around them.
type bounds struct{ jetstream, sqlite, rsa, http part }

// inTurn is what the parts reach when each has the machine for itself, and a report needs one after the other.
func (b bounds) inTurn() part {
	slowness, cpu := 0.0, 0.0
	for _, p := range []part{b.jetstream, b.sqlite, b.rsa, b.http} {
		slowness += 1 / p.rate
		cpu += p.cpu
	}
	return part{1 / slowness, cpu}
}

// alone measures the parts with what a server wrote and sent.
func (b *bench) alone(ctx context.Context, d delivered) (found bounds, err error) {
	found.jetstream = b.jetstream
	if found.sqlite, err = b.sqliteAlone(ctx, d); err != nil {
		return found, fmt.Errorf("SQLite alone: %w", err)
	}
	if found.rsa, err = b.rsaAlone(ctx); err != nil {
		return found, fmt.Errorf("RSA alone: %w", err)
	}
	if found.http, err = b.httpAlone(ctx, d); err != nil {
		return found, fmt.Errorf("HTTP alone: %w", err)
	}
	return found, nil
}

// rsaAlone signs on all processors as SNS signs: RSA of 2048 bits over SHA-1. A notification has one signature for all its subscribers.
func (b *bench) rsaAlone(ctx context.Context) (part, error) {
	const bits = 2048
	key, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		return part{}, err
	}
	sum := sha1.Sum([]byte("a notification"))
	samples, err := contest(ctx, b.time(aloneTime), []contender{{"sign", runtime.GOMAXPROCS(0), 1, func(context.Context, int) error {
		_, err := rsa.SignPKCS1v15(nil, key, crypto.SHA1, sum[:])
		return err
	}}})
	if err != nil {
		return part{}, err
	}
	return part{samples[0].rate, samples[0].cpu}, nil
}

// httpAlone posts the requests that the server made, as many at a time.
func (b *bench) httpAlone(ctx context.Context, d delivered) (part, error) {
	hook, err := openWebhook(d.endpoints)
	if err != nil {
		return part{}, err
	}
	defer hook.close()
	const atOnce = 4 // to an endpoint, as the server does
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 2 * atOnce}}
	defer client.CloseIdleConnections()
	urls := hook.endpoints()
	var next atomic.Int64
	samples, err := contest(ctx, b.time(aloneTime), []contender{{"post", atOnce * d.endpoints, 1, func(ctx context.Context, caller int) error {
		one := d.samples[int(next.Add(1))%len(d.samples)]
		request, err := http.NewRequestWithContext(ctx, http.MethodPost, urls[caller%len(urls)], bytes.NewReader(one.body))
		if err != nil {
			return err
		}
		request.Header = one.header.Clone()
		response, err := client.Do(request)
		if err != nil {
			return err
		}
		_, err = io.Copy(io.Discard, response.Body)
		_ = response.Body.Close()
		return err
	}}})
	if err != nil {
		return part{}, err
	}
	n := float64(d.endpoints)
	return part{samples[0].rate / n, samples[0].cpu * n}, nil
}
