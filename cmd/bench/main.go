// Command bench measures Rebound on this machine: how many mails a second it makes durable, how many reports a second become
// acknowledged webhooks, and what each stage costs. Beside each figure stands the bound that the same run reaches with the parts alone,
// because absolute figures move between machines and runs, and ratios hold.
//
// It asserts nothing, listens on loopback only, and leaves nothing behind.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"
)

func main() {
	scale := flag.Float64("n", 1, "how much to measure: 1 takes about three minutes, 0.1 a fifth of that")
	only := flag.String("only", "", "measure one part alone: accepts, deliveries, reading, stages, suppression or outbox")
	lists := flag.Int("lists", 0, "how many addresses each suppression list has (default a million times -n)")
	mails := flag.String("mails", "", "measure only the reading, of the mails (*.eml) below this folder")
	asJSON := flag.Bool("json", false, "print JSON instead of tables")
	flag.Parse()
	// With SIGPIPE, so that `make bench | head` leaves nothing behind either.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGPIPE)
	err := run(ctx, options{scale: *scale, only: *only, lists: *lists, mails: *mails, asJSON: *asJSON}, os.Stdout, os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// options are what the flags say.
type options struct {
	scale  float64
	only   string // a part; "" is all
	lists  int    // entries of each suppression list; 0 is by scale
	mails  string // a folder; "" is the recordings
	asJSON bool
}

// bench is one run, and what a later section needs of an earlier one.
type bench struct {
	options
	folder string // of everything that is written; removed at the end
	root   string // of the module
	words  io.Writer

	jetstream part      // alone, with batches
	done      delivered // through a server to one endpoint
}

// run measures and prints. Tables come as soon as they are known, JSON at the end.
func run(ctx context.Context, o options, out, words io.Writer) error {
	if o.scale <= 0 || o.scale > 100 {
		return errors.New("-n is a number over 0 and up to 100")
	}
	if o.lists < 0 || o.lists > 1_000_000_000 {
		return errors.New("-lists is a number up to 1,000,000,000")
	}
	root, err := moduleRoot(ctx)
	if err != nil {
		return err
	}
	folder, err := os.MkdirTemp("", "rebound-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	b := &bench{options: o, folder: folder, root: root, words: words}
	found := results{}
	if found.Machine, err = b.machine(); err != nil {
		return err
	}
	if !o.asJSON {
		fmt.Fprintf(out, "%s\n", found.Machine)
	}
	parts, err := b.parts()
	if err != nil {
		return err
	}
	for _, measure := range parts {
		sections, err := measure(ctx)
		if ctx.Err() != nil {
			return errors.New("interrupted")
		}
		if err != nil {
			return err
		}
		found.Sections = append(found.Sections, sections...)
		if !o.asJSON {
			for _, s := range sections {
				s.print(out)
			}
		}
	}
	if o.asJSON {
		return found.writeJSON(out)
	}
	return nil
}

// parts are what is measured, in the order of the tables; deliveries come after accepts, and stages after both.
func (b *bench) parts() ([]func(context.Context) ([]section, error), error) {
	all := []func(context.Context) ([]section, error){b.accepts, b.deliveries, b.reading, b.stages, b.suppressions, b.outboxes}
	names := []string{"accepts", "deliveries", "reading", "stages", "suppression", "outbox"}
	if b.mails != "" {
		b.only = "reading"
	}
	if b.only == "" {
		return all, nil
	}
	i := slices.Index(names, b.only)
	if i < 0 {
		return nil, fmt.Errorf("-only is one of %s", strings.Join(names, ", "))
	}
	return all[i : i+1], nil
}

// moduleRoot is where the recordings are, and what the server is built from.
func moduleRoot(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Path}} {{.Dir}}").Output()
	path, folder, _ := strings.Cut(strings.TrimSpace(string(out)), " ")
	if err != nil || path != module {
		return "", fmt.Errorf("run it inside a checkout of %s, with go on the PATH (%v)", module, err)
	}
	return folder, nil
}

const module = "github.com/rebound-mail/rebound"

// say tells a person who waits what is going on.
func (b *bench) say(format string, v ...any) { fmt.Fprintf(b.words, "… "+format+"\n", v...) }

// time scales how long something is measured.
func (b *bench) time(d time.Duration) time.Duration { return time.Duration(b.scale * float64(d)) }

// count scales a number of things to measure, at least one.
func (b *bench) count(n int) int { return max(1, int(b.scale*float64(n))) }

// temp makes a folder for one part.
func (b *bench) temp(name string) (string, error) { return os.MkdirTemp(b.folder, name+"-") }
