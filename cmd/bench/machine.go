package main

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

// machine is what the figures were measured on.
type machine struct {
	Platform     string  `json:"platform"`
	CPUs         int     `json:"cpus"`
	Go           string  `json:"go"`
	FsyncSeconds float64 `json:"fsyncSeconds"` // median of writing and syncing 4 KiB
	Folder       string  `json:"folder"`
	MailBytes    int     `json:"mailBytes"`
	Load         string  `json:"load,omitempty"` // averages of 1, 5 and 15 minutes before the run; "" where they are not told
}

func (b *bench) machine() (machine, error) {
	sync, err := measureSync(filepath.Join(b.folder, "fsync"))
	if err != nil {
		return machine{}, fmt.Errorf("measuring the disk: %w", err)
	}
	m := machine{Platform: runtime.GOOS + "/" + runtime.GOARCH, CPUs: runtime.GOMAXPROCS(0), Go: runtime.Version(), FsyncSeconds: sync.Seconds(),
		Folder: filepath.Dir(b.folder), MailBytes: len(bounce(0, returnPathOf(noToken)))}
	if load, err := os.ReadFile("/proc/loadavg"); err == nil {
		m.Load = strings.Join(strings.Fields(string(load))[:3], " ")
	}
	return m, nil
}

// String is the line above the tables.
func (m machine) String() string {
	line := fmt.Sprintf("Rebound on %s, %d CPUs, %s · fsync %s in %s · mails of %.1f KB", m.Platform, m.CPUs, m.Go, seconds(m.FsyncSeconds), m.Folder,
		float64(m.MailBytes)/1000)
	if m.Load != "" {
		line += " · load before " + m.Load
	}
	return line
}

// measureSync is the median time of writing 4 KiB and syncing them.
func measureSync(path string) (time.Duration, error) {
	file, err := os.Create(path)
	if err != nil {
		return 0, err
	}
	defer file.Close()
	page := make([]byte, 4096)
	took := make([]time.Duration, 51)
	for i := range took {
		started := time.Now()
		if _, err := file.WriteAt(page, int64(i*len(page))); err != nil {
			return 0, err
		}
		if err := file.Sync(); err != nil {
			return 0, err
		}
		took[i] = time.Since(started)
	}
	slices.Sort(took)
	return took[len(took)/2], nil
}
