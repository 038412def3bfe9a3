package main

import (
	"bytes"
	"io"
	"mime"
	"mime/multipart"
	"net/mail"
	"strings"

	"github.com/emersion/go-message"
	_ "github.com/emersion/go-message/charset" // go-message decodes only with it
)

// The other readers decide nothing. What they cannot read they leave, as they would anywhere.

// walkGoMessage decodes all parts of a mail with go-message, transfer encodings and charsets undone.
func walkGoMessage(raw []byte) {
	walkDecoded(raw, func(body io.Reader) { _, _ = io.Copy(io.Discard, body) })
}

// readGoMessage is walkGoMessage that has the whole of each part in memory, as one must who looks at it.
func readGoMessage(raw []byte) {
	walkDecoded(raw, func(body io.Reader) { _, _ = io.ReadAll(body) })
}

func walkDecoded(raw []byte, read func(io.Reader)) {
	entity, err := message.Read(bytes.NewReader(raw))
	if err != nil && entity == nil {
		return
	}
	_ = entity.Walk(func(_ []int, part *message.Entity, err error) error {
		if part == nil || err != nil && !message.IsUnknownCharset(err) && !message.IsUnknownEncoding(err) {
			return err
		}
		if kind, _, _ := part.Header.ContentType(); !strings.HasPrefix(kind, "multipart/") {
			read(part.Body)
		}
		return nil
	})
}

// walkNetMail walks the parts as they were sent.
func walkNetMail(raw []byte) {
	read, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return
	}
	walkParts(read.Header.Get("Content-Type"), read.Body)
}

func walkParts(contentType string, body io.Reader) {
	kind, parameters, err := mime.ParseMediaType(contentType)
	if err != nil || !strings.HasPrefix(kind, "multipart/") {
		_, _ = io.Copy(io.Discard, body)
		return
	}
	parts := multipart.NewReader(body, parameters["boundary"])
	for {
		part, err := parts.NextPart()
		if err != nil {
			return
		}
		walkParts(part.Header.Get("Content-Type"), part)
	}
}

func scanLines(raw []byte) {
	for rest := raw; ; {
		end := bytes.IndexByte(rest, '\n')
		if end < 0 {
			return
		}
		rest = rest[end+1:]
	}
}
