package main

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/spf13/cobra"
)

func serveCommand() *cobra.Command {
	command := &cobra.Command{
		Use:     "serve",
		GroupID: "run",
		Short:   "Run it: with no settings everything embedded, on this machine only",
		Args:    cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			loaded, err := loadSettings(command.Flags())
			if err != nil {
				return err
			}
			log := slog.New(loaded.logHandler(command.ErrOrStderr()))
			started := time.Now()
			srv, err := openServer(command.Context(), loaded, log)
			if err != nil {
				return err
			}
			greet(command.OutOrStdout(), srv, time.Since(started))
			return srv.run(command.Context())
		},
	}
	serverFlags(command.Flags())
	return command
}

// greet tells a person where everything is.
func greet(out io.Writer, srv *server, took time.Duration) {
	fmt.Fprintf(out, "Rebound is up (%d ms, process %d).\n\n", took.Milliseconds(), os.Getpid())
	for _, line := range []struct{ name, what string }{
		{"smtp", "feedback by SMTP   smtp://%s"},
		{"lmtp", "feedback by LMTP   lmtp://%s"},
		{"http", "API and health     http://%s"},
		{"https", "the same with TLS  https://%s"},
	} {
		if listener := srv.listening[line.name]; listener != nil {
			fmt.Fprintf(out, "  "+line.what+"\n", listener.Addr())
		}
	}
	fmt.Fprintf(out, "  data               %s\n\nTry:  rebound simulate bounce    Stop: Ctrl-C\n", srv.settings.Data)
}
