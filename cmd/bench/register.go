package main

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"time"

	"github.com/rebound-mail/rebound/processor"
	"github.com/rebound-mail/rebound/processor/account"
	"github.com/rebound-mail/rebound/processor/returnpath"
	"github.com/rebound-mail/rebound/processor/sentmail"
	"github.com/rebound-mail/rebound/processor/store"
	"github.com/rebound-mail/rebound/schemas"
)

// The files of a server's data folder that are prepared, or looked into, while no server runs.
func databaseIn(data string) string { return filepath.Join(data, "rebound.db") }

func keysIn(data string) string { return filepath.Join(data, "returnpath.json") }

// register fills a data folder with mails that were sent, each to one recipient, and returns their return paths. It stands for what the
// programs that send have told a server long before the reports come.
func register(ctx context.Context, data string, mails int) (paths []string, err error) {
	now := time.Now()
	opened, err := store.Open(ctx, databaseIn(data))
	if err != nil {
		return nil, err
	}
	defer opened.Close()
	keys, err := returnpath.LoadKeys(keysIn(data), now)
	if err != nil {
		return nil, err
	}
	registrar := processor.Registrar{DB: opened.Read}
	for len(paths) < mails {
		err := opened.Transact(ctx, func(tx *sql.Tx) error {
			for range min(batchSize, mails-len(paths)) {
				mail, err := registration(len(paths)).Mail(now)
				if err == nil {
					err = registrar.Record(ctx, tx, &mail, now)
				}
				if err != nil {
					return err
				}
				paths = append(paths, returnPathOf(keys.Make(account.DefaultID, mail.Recipients[0].ID, now)))
			}
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("registering mails: %w", err)
		}
	}
	return paths, nil
}

// registration is what a program tells of mail i: the one that bounce reports on.
func registration(i int) sentmail.Registration {
	return sentmail.Registration{MessageID: messageIDOf(i), Source: sourceOf, Destination: []string{recipientOf(i)}, Headers: []schemas.Header{
		{Name: "From", Value: `"Example Shop" <` + sourceOf + `>`},
		{Name: "To", Value: recipientOf(i)},
		{Name: "Subject", Value: fmt.Sprintf("Your order %d has shipped", i)},
		{Name: "Date", Value: "Sun, 22 Nov 2026 05:29:15 +0000"},
		{Name: "Message-ID", Value: messageIDOf(i)},
		{Name: "MIME-Version", Value: "1.0"},
		{Name: "X-Campaign", Value: "autumn-2026"},
	}}
}
