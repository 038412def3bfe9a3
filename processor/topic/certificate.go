package topic

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"regexp"
	"time"

	"github.com/rebound-mail/rebound/processor/account/secretfile"
)

const (
	keyFile = "signing.key"
	keyBits = 2048
	// certificateHost is the name in SNS's certificates.
	certificateHost = "sns.amazonaws.com"
	certificateLife = 5 * 365 * 24 * time.Hour
	renewBefore     = 30 * 24 * time.Hour
)

var validCertificateName = regexp.MustCompile(`^SimpleNotificationService-[0-9a-f]{32}\.pem$`)

// certificateName is made of the key, so that a new key never comes under a name that consumers have in their caches.
func certificateName(key *rsa.PublicKey) string {
	sum := sha256.Sum256(x509.MarshalPKCS1PublicKey(key))
	return "SimpleNotificationService-" + hex.EncodeToString(sum[:16]) + ".pem"
}

// loadKey reads the key, or makes it. Of two processes that start at once on the same folder, one makes it and both use it.
func loadKey(dir string) (*rsa.PrivateKey, error) {
	path := filepath.Join(dir, keyFile)
	key, err := readKey(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return key, err
	}
	fresh, content, err := makeKey()
	if err != nil {
		return nil, err
	}
	if err := secretfile.Create(path, content); errors.Is(err, fs.ErrExist) {
		return readKey(path)
	} else if err != nil {
		return nil, err
	}
	return fresh, nil
}

// replaceKey makes a key whose certificate is there before anything can be signed with it.
func replaceKey(dir string, now time.Time) (*rsa.PrivateKey, error) {
	key, content, err := makeKey()
	if err != nil {
		return nil, err
	}
	if _, err := ensureCertificate(dir, key, now); err != nil {
		return nil, err
	}
	return key, secretfile.Replace(filepath.Join(dir, keyFile), content)
}

func makeKey() (*rsa.PrivateKey, []byte, error) {
	key, err := rsa.GenerateKey(rand.Reader, keyBits)
	if err != nil {
		return nil, nil, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, nil, err
	}
	return key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil
}

func readKey(path string) (*rsa.PrivateKey, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(content)
	if block == nil {
		return nil, fmt.Errorf("%s holds no PEM block: restore it, or remove it to get a new key", path)
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	private, ok := key.(*rsa.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("%s holds no RSA key, which is all that subscribers can verify", path)
	}
	return private, nil
}

// ensureCertificate reads the certificate of the key, or makes it.
func ensureCertificate(dir string, key *rsa.PrivateKey, now time.Time) (*x509.Certificate, error) {
	path := filepath.Join(dir, certificateName(&key.PublicKey))
	content, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		if content, err = makeCertificate(key, now); err != nil {
			return nil, err
		}
		err = secretfile.Replace(path, content)
	}
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(content)
	if block == nil {
		return nil, fmt.Errorf("%s holds no PEM block: remove it to have it made again", path)
	}
	return x509.ParseCertificate(block.Bytes)
}

func makeCertificate(key *rsa.PrivateKey, now time.Time) ([]byte, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: certificateHost},
		DNSNames:     []string{certificateHost},
		NotBefore:    now.Add(-24 * time.Hour), // clocks of subscribers that are behind
		NotAfter:     now.Add(certificateLife),
		KeyUsage:     x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), nil
}
