package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"time"
)

// serveWith measures a server that holds the lists: its start, its memory, and a million addresses through `rebound check -`.
func (s *suppressions) serveWith(ctx context.Context, binary string) (err error) {
	s.say("checking addresses through a server")
	started := time.Now()
	server, err := startChild(ctx, binary, s.data)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.stop()) }()
	took := time.Since(started)
	memory, err := residentBytes(server.process.Process.Pid)
	if err != nil {
		return err
	}
	s.row("start of a server over the lists; its memory", false, 2*s.entries, took, none, none, none, memory)
	n := s.count(1_000_000)
	for _, arguments := range [][]string{{"check", "-"}, {"check", "--json", "-"}} {
		check := exec.CommandContext(ctx, binary, append(arguments, "--url", "http://"+server.http)...)
		check.Env = withoutSettings(os.Environ())
		check.Stdin = s.questions(n)
		started = time.Now()
		err := check.Run()
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.ExitCode() != 1 { // some are suppressed
			return fmt.Errorf("rebound check: %w", err)
		}
		s.row("rebound "+arguments[0]+" "+arguments[1]+", 5 % suppressed", false, n, time.Since(started))
	}
	if memory, err = residentBytes(server.process.Process.Pid); err != nil {
		return err
	}
	s.row("memory of that server after them", false, 2*s.entries, 0, none, none, none, memory)
	return nil
}

var residentLine = regexp.MustCompile(`VmRSS:\s+(\d+) kB`)

// residentBytes is the memory that a process holds; none where the system does not tell.
func residentBytes(pid int) (float64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if errors.Is(err, os.ErrNotExist) {
		return none, nil
	}
	found := residentLine.FindSubmatch(status)
	if err != nil || found == nil {
		return none, err
	}
	kilobytes, err := strconv.ParseFloat(string(found[1]), 64)
	return 1024 * kilobytes, err
}
