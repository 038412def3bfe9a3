package intake

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// fromLine is what the first line of an mbox and the line before each of its mails starts with (RFC 4155).
const fromLine = "From "

// Walk calls f once for each mail in paths: N mails give N calls, in the order of paths, whatever state the mails are in.
//
//   - A file is one mail, or, when it starts with a From_ line, an mbox.
//   - A folder is read with the folders in it, in the order of the names. What is taken there: files named .eml, .msg, .mbox or
//     .txt, files with no or a numeric extension (spools, split mailboxes), and files named as in a Maildir. All else, such as
//     .json and .env files that lie beside mails, and names that start with a dot, is passed over.
//   - A folder with the folders new and cur in it is a Maildir: first new, then cur, then its sub folders.
//   - "-" is stdin: one mail or an mbox.
//
// The reader is good until f returns; what f leaves unread is passed over. Mails are streamed: Walk holds no whole one. The name is
// the path of the file, the same for all mails of an mbox, and "-" for stdin.
//
// An input that cannot be read, or for which f returns an error, does not keep the others from being read: all errors come back
// joined. When f returns fs.SkipAll, Walk ends there and returns the errors until then.
func Walk(paths []string, stdin io.Reader, f func(name string, r io.Reader) error) error {
	w := walker{visit: f}
	for _, path := range paths {
		if path == "-" {
			w.stream(path, stdin)
			continue
		}
		w.path(path)
	}
	return errors.Join(w.errs...)
}

// walker is one run of Walk.
type walker struct {
	visit   func(name string, r io.Reader) error
	errs    []error
	stopped bool // the visitor asked for the end
}

// path reads what the caller named, whatever its name looks like.
func (w *walker) path(path string) {
	info, err := os.Stat(path)
	switch {
	case w.stopped:
	case err != nil:
		w.fail(err)
	case info.IsDir():
		w.folder(path)
	default:
		w.file(path)
	}
}

func (w *walker) folder(path string) {
	entries, err := os.ReadDir(path)
	if err != nil {
		w.fail(err)
	}
	if isMaildir(entries) {
		w.maildir(path, entries)
		return
	}
	for _, entry := range entries {
		name := entry.Name()
		switch {
		case w.stopped:
			return
		case strings.HasPrefix(name, "."):
		case entry.IsDir():
			w.folder(filepath.Join(path, name))
		case isMailName(name):
			w.entry(filepath.Join(path, name), entry)
		}
	}
}

func isMaildir(entries []fs.DirEntry) bool {
	found := 0
	for _, entry := range entries {
		if entry.IsDir() && (entry.Name() == "new" || entry.Name() == "cur") {
			found++
		}
	}
	return found == 2
}

// maildir reads the mails of a Maildir, where every file is one, and then the Maildirs in it (Maildir++ starts their names with a dot).
// What lies in tmp is not delivered yet.
func (w *walker) maildir(path string, entries []fs.DirEntry) {
	for _, part := range []string{"new", "cur"} {
		mails, err := os.ReadDir(filepath.Join(path, part))
		if err != nil {
			w.fail(err)
		}
		for _, mail := range mails {
			if !w.stopped && !mail.IsDir() && !strings.HasPrefix(mail.Name(), ".") {
				w.entry(filepath.Join(path, part, mail.Name()), mail)
			}
		}
	}
	for _, entry := range entries {
		if name := entry.Name(); entry.IsDir() && name != "new" && name != "cur" && name != "tmp" {
			w.folder(filepath.Join(path, name))
		}
	}
}

// entry reads a file found in a folder. Symbolic links to files are followed, links to folders are not: they could lead back.
func (w *walker) entry(path string, entry fs.DirEntry) {
	mode := entry.Type()
	if mode&fs.ModeSymlink != 0 {
		info, err := os.Stat(path)
		if err != nil {
			w.fail(err)
			return
		}
		mode = info.Mode()
	}
	if mode.IsRegular() {
		w.file(path)
	}
}

func (w *walker) file(path string) {
	file, err := os.Open(path)
	if err != nil {
		w.fail(err)
		return
	}
	defer file.Close()
	w.stream(path, file)
}

// stream reads an mbox or one mail, whichever it starts like.
func (w *walker) stream(name string, r io.Reader) {
	if w.stopped {
		return
	}
	buffered := bufio.NewReaderSize(r, mailboxBuffer)
	start, err := buffered.Peek(len(fromLine))
	if len(start) == 0 && err == io.EOF && isMailbox(name) {
		return // an empty mailbox holds no mail
	}
	if string(start) != fromLine {
		w.mail(name, buffered)
		return
	}
	box := newMailbox(buffered)
	for mail := range box.mails {
		if w.mail(name, mail); w.stopped {
			return
		}
	}
	if box.err != nil {
		w.fail(fmt.Errorf("%s: %w", name, box.err))
	}
}

func (w *walker) mail(name string, r io.Reader) {
	err := w.visit(name, r)
	if errors.Is(err, fs.SkipAll) {
		w.stopped = true
		return
	}
	if err != nil {
		w.fail(fmt.Errorf("%s: %w", name, err))
	}
}

func (w *walker) fail(err error) {
	w.errs = append(w.errs, fmt.Errorf("intake: %w", err))
}

func isMailbox(name string) bool {
	return strings.EqualFold(filepath.Ext(name), ".mbox")
}

// isMailName tells mails from what lies beside them in a folder, by the name alone: a damaged mail is to be seen too.
func isMailName(name string) bool {
	if seconds, _, ok := strings.Cut(name, "."); ok && len(seconds) >= 9 && isNumber(seconds) {
		return true // Maildir: 1700000000.M1P2.host:2,S
	}
	switch extension := strings.ToLower(filepath.Ext(name)); extension {
	case "", ".", ".eml", ".msg", ".mbox", ".txt":
		return true
	default:
		return isNumber(extension[1:]) || strings.Contains(extension, ":2,")
	}
}

func isNumber(s string) bool {
	return strings.Trim(s, "0123456789") == "" && s != ""
}
