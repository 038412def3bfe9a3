package main

import (
	"bytes"
	"io"
	"mime"
	"mime/multipart"
	"net/mail"
	"strings"

	"github.com/emersion/go-message"
)

// The other readers decode less than Recognize and decide nothing: they walk the parts and read the bodies. What they cannot read they
// leave, as they would anywhere.

func walkGoMessage(raw []byte) {
	entity, err := message.Read(bytes.NewReader(raw))
	if err != nil && entity == nil {
		return
	}
	_ = entity.Walk(func(_ []int, part *message.Entity, err error) error {
		if err != nil || part == nil {
			return err
		}
		if kind, _, _ := part.Header.ContentType(); !strings.HasPrefix(kind, "multipart/") {
			_, err = io.Copy(io.Discard, part.Body)
		}
		return err
	})
}

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
