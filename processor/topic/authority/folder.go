package authority

import (
	"crypto/ecdsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/rebound-mail/rebound/processor/account/secretfile"
)

// pair is a certificate and its key.
type pair struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

// folder is where the files are, and which of them were written.
type folder struct {
	dir     string
	written []string
}

// read returns a pair without a certificate when both files are missing. One alone is an error: it may be somebody's only copy.
func (f *folder) read(certificateFile, keyFile string) (pair, error) {
	certificatePath, keyPath := filepath.Join(f.dir, certificateFile), filepath.Join(f.dir, keyFile)
	certificate, noCertificate := os.ReadFile(certificatePath)
	key, noKey := os.ReadFile(keyPath)
	if errors.Is(noCertificate, fs.ErrNotExist) && errors.Is(noKey, fs.ErrNotExist) {
		return pair{}, nil
	}
	if err := errors.Join(noCertificate, noKey); err != nil {
		return pair{}, fmt.Errorf("%w; restore it, or remove both %s and %s to have them made again", err, certificateFile, keyFile)
	}
	both, err := tls.X509KeyPair(certificate, key)
	if err != nil {
		return pair{}, fmt.Errorf("%s and %s: %w; remove both to have them made again", certificatePath, keyFile, err)
	}
	private, ok := both.PrivateKey.(*ecdsa.PrivateKey)
	if !ok {
		return pair{}, fmt.Errorf("%s holds a key of another kind than this command makes; give another folder", keyPath)
	}
	return pair{both.Leaf, private}, nil
}

// write puts the key down first: a certificate whose key is lost is of no use.
func (f *folder) write(p pair, certificateFile, keyFile string) error {
	der, err := x509.MarshalPKCS8PrivateKey(p.key)
	if err != nil {
		return err
	}
	for _, file := range []struct {
		name  string
		block *pem.Block
	}{{keyFile, &pem.Block{Type: "PRIVATE KEY", Bytes: der}}, {certificateFile, &pem.Block{Type: "CERTIFICATE", Bytes: p.certificate.Raw}}} {
		if err := secretfile.Replace(filepath.Join(f.dir, file.name), pem.EncodeToMemory(file.block)); err != nil {
			return err
		}
		f.written = append(f.written, file.name)
	}
	return nil
}

var label = regexp.MustCompile(`^[a-z0-9]([a-z0-9_-]{0,61}[a-z0-9])?$`)

func isHost(name string) bool {
	if len(name) > 253 {
		return false
	}
	for part := range strings.SplitSeq(strings.ToLower(name), ".") {
		if !label.MatchString(part) {
			return false
		}
	}
	return true
}

// within reports whether the host is one of the domains or in one.
func within(domains []string, host string) bool {
	for _, domain := range domains {
		if strings.EqualFold(host, domain) || strings.HasSuffix(strings.ToLower(host), "."+strings.ToLower(domain)) {
			return true
		}
	}
	return false
}

// all returns the names as they are written.
func (s subjects) all() []string {
	all := append([]string(nil), s.hosts...)
	for _, address := range s.addresses {
		all = append(all, address.String())
	}
	return all
}
