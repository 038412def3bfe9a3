package authority_test

import (
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rebound-mail/rebound/processor/topic/authority"
)

var now = time.Date(2026, 1, 27, 15, 0, 0, 0, time.UTC)

var names = []string{"sns.us-east-1.amazonaws.com", "localhost", "127.0.0.1", "::1"}

func ensure(t *testing.T, dir string, names []string, replace bool, want ...string) {
	t.Helper()
	got, err := authority.Ensure(dir, names, replace, now)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got.Written); diff != "" {
		t.Errorf("written: -want +got:\n%s", diff)
	}
	if years := got.Until.Sub(now).Hours() / 24 / 365; years < 9.9 {
		t.Errorf("it ends after %.1f years", years)
	}
}

// verify is what a consumer does that trusts the authority.
func verify(t *testing.T, dir, name string) error {
	t.Helper()
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(read(t, dir, authority.CAFile)) {
		t.Fatal("no authority")
	}
	pair, err := tls.X509KeyPair(read(t, dir, authority.CertificateFile), read(t, dir, authority.KeyFile))
	if err != nil {
		t.Fatal(err)
	}
	_, err = pair.Leaf.Verify(x509.VerifyOptions{DNSName: name, Roots: pool, CurrentTime: now.Add(9 * 365 * 24 * time.Hour)})
	return err
}

func read(t *testing.T, dir, name string) []byte {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func TestTheServerIsTrustedByItsNamesAlone(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "tls")
	ensure(t, dir, names, false, "ca.key", "ca.pem", "server.key", "server.pem")
	for _, name := range names {
		if err := verify(t, dir, name); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, name := range []string{"sns.eu-west-1.amazonaws.com", "example.com", "127.0.0.2"} {
		if err := verify(t, dir, name); err == nil {
			t.Errorf("%s is trusted", name)
		}
	}
	for _, file := range []string{"ca.key", "server.key"} {
		if info, err := os.Stat(filepath.Join(dir, file)); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", file, info.Mode(), err)
		}
	}
}

// With the authority's key in other hands, names that it is not for stay safe.
func TestTheAuthorityCanSpeakForItsNamesOnly(t *testing.T) {
	for _, own := range [][]string{names, {"sns.us-east-1.amazonaws.com"}, {"127.0.0.1"}} {
		dir := t.TempDir()
		ensure(t, dir, own, false, "ca.key", "ca.pem", "server.key", "server.pem")
		ca, err := tls.X509KeyPair(read(t, dir, "ca.pem"), read(t, dir, "ca.key"))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"bank.example", "10.0.0.1", "2001:db8::1"} {
			template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: now, NotAfter: now.Add(time.Hour)}
			if address := net.ParseIP(name); address != nil {
				template.IPAddresses = []net.IP{address}
			} else {
				template.DNSNames = []string{name}
			}
			der, err := x509.CreateCertificate(rand.Reader, template, ca.Leaf, ca.Leaf.PublicKey, ca.PrivateKey)
			if err != nil {
				t.Fatal(err)
			}
			forged, err := x509.ParseCertificate(der)
			if err != nil {
				t.Fatal(err)
			}
			pool := x509.NewCertPool()
			pool.AddCert(ca.Leaf)
			if _, err := forged.Verify(x509.VerifyOptions{DNSName: name, Roots: pool, CurrentTime: now}); err == nil {
				t.Errorf("the authority of %v spoke for %s", own, name)
			}
		}
	}
}

func TestWhatIsThereStays(t *testing.T) {
	dir := t.TempDir()
	ensure(t, dir, names, false, "ca.key", "ca.pem", "server.key", "server.pem")
	ca, server := read(t, dir, "ca.pem"), read(t, dir, "server.pem")
	ensure(t, dir, names, false)
	ensure(t, dir, names[:1], false)
	if _, err := authority.Ensure(dir, []string{"other.example"}, false, now); !errors.Is(err, authority.ErrNames) {
		t.Errorf("got %v for a name that the certificate lacks", err)
	}
	if string(read(t, dir, "ca.pem")) != string(ca) || string(read(t, dir, "server.pem")) != string(server) {
		t.Error("something was overwritten")
	}

	ensure(t, dir, names[1:], true, "server.key", "server.pem")
	if string(read(t, dir, "ca.pem")) != string(ca) || string(read(t, dir, "server.pem")) == string(server) || verify(t, dir, "localhost") != nil {
		t.Error("a new server certificate has to come from the authority that consumers trust")
	}
	ensure(t, dir, []string{"other.example"}, true, "ca.key", "ca.pem", "server.key", "server.pem")
	if err := verify(t, dir, "other.example"); err != nil || string(read(t, dir, "ca.pem")) == string(ca) {
		t.Errorf("a name beyond the authority's: %v", err)
	}
}

func TestALostServerCertificateIsMadeByTheSameAuthority(t *testing.T) {
	dir := t.TempDir()
	ensure(t, dir, names, false, "ca.key", "ca.pem", "server.key", "server.pem")
	if err := os.Remove(filepath.Join(dir, "server.pem")); err != nil {
		t.Fatal(err)
	}
	if _, err := authority.Ensure(dir, names, false, now); err == nil {
		t.Error("a key without its certificate was overwritten or taken")
	}
	if err := os.Remove(filepath.Join(dir, "server.key")); err != nil {
		t.Fatal(err)
	}
	if _, err := authority.Ensure(dir, []string{"other.example"}, false, now); !errors.Is(err, authority.ErrNames) {
		t.Errorf("got %v for a name beyond the authority's", err)
	}
	ensure(t, dir, names, false, "server.key", "server.pem")
	if err := verify(t, dir, names[0]); err != nil {
		t.Error(err)
	}
}

func TestWrongNamesAndFilesAreRefused(t *testing.T) {
	for _, wrong := range [][]string{nil, {""}, {"a b"}, {"*.example.com"}, {"https://example.com"}, {"example.com:443"}, {"-a.example"}, {"fe80::1%lo"}, {"a..b"}} {
		if _, err := authority.Ensure(t.TempDir(), wrong, false, now); !errors.Is(err, authority.ErrNames) {
			t.Errorf("%q: got %v", wrong, err)
		}
	}
	dir := t.TempDir()
	for _, file := range []string{"ca.pem", "ca.key"} {
		if err := os.WriteFile(filepath.Join(dir, file), []byte("mine"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := authority.Ensure(dir, names, true, now); err == nil || string(read(t, dir, "ca.pem")) != "mine" {
		t.Errorf("a file that is none of ours was replaced: %v", err)
	}
}
