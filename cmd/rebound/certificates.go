package main

import (
	"fmt"
	"io"
	"net/netip"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/rebound-mail/rebound/processor/topic"
	"github.com/rebound-mail/rebound/processor/topic/authority"
)

func certificatesCommand() *cobra.Command {
	command := &cobra.Command{
		Use:     "certificates [NAME…]",
		GroupID: "admin",
		Short:   "Make certificates for consumers that take Amazon's host names only",
		Long: `Makes in DATA/tls a private authority and a server certificate by it, and the signing key when there is none. It needs no running server.
The names are those of SNS and SES, localhost, 127.0.0.1 and the host of public_url, unless you give others.

What is there stays. With --force the server certificate is made again, and the authority too if it is not for the names: consumers
then have to trust the new one. A new signing key is used from the next start on; the certificates of old ones stay served.`,
		RunE: func(command *cobra.Command, names []string) error {
			loaded, err := loadSettings(command.Flags())
			if err != nil {
				return err
			}
			return makeCertificates(command, loaded, names)
		},
	}
	command.Flags().String("config", "", "YAML file with settings")
	command.Flags().String("data", "./data", "folder that holds everything: mails, lists, keys")
	command.Flags().String("folder", "", "where the certificates are made (default DATA/tls)")
	command.Flags().Bool("force", false, "make the server certificate again")
	command.Flags().Bool("new-signing-key", false, "make a new key to sign messages with")
	return command
}

func makeCertificates(command *cobra.Command, s settings, names []string) error {
	folder, _ := command.Flags().GetString("folder")
	if folder == "" {
		folder = filepath.Join(s.Data, "tls")
	}
	folder, err := filepath.Abs(folder) // the settings that are printed may be used from anywhere
	if err != nil {
		return err
	}
	if len(names) == 0 {
		names = s.serverNames()
	}
	force, _ := command.Flags().GetBool("force")
	made, err := authority.Ensure(folder, names, force, time.Now())
	if err != nil {
		return err
	}
	out := command.OutOrStdout()
	for _, file := range []struct{ name, what string }{
		{authority.CAFile, "the authority, for consumers to trust"},
		{authority.CAKeyFile, "its key, for nobody but you"},
		{authority.CertificateFile, fmt.Sprintf("for %s, until %s", strings.Join(names, ", "), made.Until.UTC().Format("2006-01-02"))},
		{authority.KeyFile, "its key"},
	} {
		tell(out, slices.Contains(made.Written, file.name), filepath.Join(folder, file.name), file.what)
	}
	if err := makeSigningKey(command, s); err != nil {
		return err
	}
	explain(out, s, folder, names)
	return nil
}

func tell(out io.Writer, written bool, path, what string) {
	verb := "kept "
	if written {
		verb = "wrote"
	}
	fmt.Fprintf(out, "%s  %s  (%s)\n", verb, path, what)
}

// makeSigningKey sees to the key that messages are signed with.
func makeSigningKey(command *cobra.Command, s settings) error {
	folder := filepath.Join(s.Data, "signing")
	before, _ := filepath.Glob(filepath.Join(folder, "*.pem"))
	wanted, _ := command.Flags().GetBool("new-signing-key")
	if wanted && len(before) > 0 {
		if _, err := topic.NewSigningKey(folder, time.Now()); err != nil {
			return err
		}
	}
	signer, err := topic.LoadSigner(folder, s.certificateURL(), time.Now())
	if err != nil {
		return err
	}
	path := filepath.Join(folder, filepath.Base(signer.SigningCertURL()))
	tell(command.OutOrStdout(), !slices.Contains(before, path), path, "verifies what is sent from the next start on")
	return nil
}

// serverNames are those that consumers know, and the ones that this machine is called by.
func (s settings) serverNames() []string {
	names := []string{"sns." + s.Region + ".amazonaws.com", "email." + s.Region + ".amazonaws.com", "localhost", "127.0.0.1"}
	if public, err := url.Parse(s.PublicURL); err == nil && public.Hostname() != "" && !slices.Contains(names, public.Hostname()) {
		names = append(names, public.Hostname())
	}
	return names
}

// explain tells what to do with the files, here and on the machine of a consumer.
func explain(out io.Writer, s settings, folder string, names []string) {
	var hosts []string
	for _, name := range names {
		if _, err := netip.ParseAddr(name); err != nil && name != "localhost" {
			hosts = append(hosts, name)
		}
	}
	base := "https://" + append(hosts, names...)[0]
	fmt.Fprintf(out, `
Settings of Rebound (then restart it):

  https: 0.0.0.0:443
  tls:
    certificate: %[1]s
    key: %[2]s
  certificate_url: %[3]s
  public_url: %[4]s

On a consumer's machine, with %[5]s copied there:

  echo '%[6]s %[7]s' >> /etc/hosts
  cp %[5]s /usr/local/share/ca-certificates/rebound.crt && update-ca-certificates
  export NODE_EXTRA_CA_CERTS=/usr/local/share/ca-certificates/rebound.crt SSL_CERT_FILE=%[8]s REQUESTS_CA_BUNDLE=%[8]s
`, filepath.Join(folder, authority.CertificateFile), filepath.Join(folder, authority.KeyFile), base, base, authority.CAFile,
		"ADDRESS-OF-REBOUND", strings.Join(hosts, " "), "/etc/ssl/certs/ca-certificates.crt")
}
