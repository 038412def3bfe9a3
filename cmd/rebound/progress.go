package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// progress reads and shows how far it is, when standard error is a terminal and it takes longer than a moment.
type progress struct {
	in      io.Reader
	out     io.Writer // nil: nobody looks
	size    int64     // 0 is unknown
	read    int64
	started time.Time
	shown   time.Time
}

const (
	progressEach  = 200 * time.Millisecond
	progressWidth = 30 // characters of the bar
)

func newProgress(command *cobra.Command, in io.Reader, size int64) *progress {
	p := &progress{in: in, size: size, started: time.Now(), shown: time.Now()}
	if file, ok := command.ErrOrStderr().(*os.File); ok && isTerminal(file) {
		p.out = file
	}
	return p
}

func isTerminal(file *os.File) bool {
	about, err := file.Stat()
	return err == nil && about.Mode()&os.ModeCharDevice != 0
}

// Read reads on and draws the bar anew; at the end it wipes it.
func (p *progress) Read(buffer []byte) (int, error) {
	n, err := p.in.Read(buffer)
	p.read += int64(n)
	switch {
	case p.out == nil:
	case err != nil && p.shown.After(p.started):
		fmt.Fprint(p.out, "\r\033[K")
	case time.Since(p.shown) > progressEach:
		p.shown = time.Now()
		fmt.Fprint(p.out, "\r\033[K"+p.line())
	}
	return n, err
}

func (p *progress) line() string {
	took := time.Since(p.started)
	if p.size <= 0 {
		return fmt.Sprintf("%.1f MB read, %.1f MB/s", float64(p.read)/1e6, float64(p.read)/1e6/took.Seconds())
	}
	part := min(1, float64(p.read)/float64(p.size))
	full := int(part * progressWidth)
	left := time.Duration(float64(took) * (1 - part) / max(part, 1e-6)).Round(time.Second)
	return fmt.Sprintf("[%s%s] %3.0f %%, %s left", strings.Repeat("#", full), strings.Repeat("·", progressWidth-full), 100*part, left)
}
