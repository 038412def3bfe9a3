// Package authority makes a private certification authority and a server certificate by it, for consumers that take SNS's host names only:
// on their machines those names lead to Rebound, whose certificate they trust because they trust the authority.
//
// The authority is bound to the names of the server certificate (RFC 5280, section 4.2.1.10): with its key nobody can pass for anything
// else. The package serves nothing and knows no settings.
package authority

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"math/big"
	"net"
	"net/netip"
	"path/filepath"
	"time"
)

// The files in the folder: certificates and keys, PEM, for their owner only.
const (
	CAFile          = "ca.pem"
	CAKeyFile       = "ca.key"
	CertificateFile = "server.pem"
	KeyFile         = "server.key"
)

// life is that of both certificates: there is nothing to renew for as long as the authority is trusted.
const life = 10 * 365 * 24 * time.Hour

// ErrNames is returned by Ensure for names that no certificate can have, or that the one that is there does not have.
var ErrNames = errors.New("invalid names")

// Result is what Ensure found or made.
type Result struct {
	Written []string  // the files that were written; the others were there
	Until   time.Time // the end of the server certificate
}

// Ensure makes in dir what is missing of an authority and a server certificate for names: host names and IP addresses. What is there stays,
// also a server certificate for other names, which is ErrNames. With replace the server certificate is made again; the authority, whom
// consumers trust, only if it is not for these names or has ended.
func Ensure(dir string, names []string, replace bool, now time.Time) (Result, error) {
	f := folder{dir: dir}
	wanted, err := parse(names)
	if err != nil {
		return Result{}, err
	}
	ca, err := f.authority(wanted, replace, now)
	if err != nil {
		return Result{}, fmt.Errorf("authority: %w", err)
	}
	server, err := f.server(ca, wanted, replace, now)
	if err != nil {
		return Result{}, fmt.Errorf("authority: %w", err)
	}
	return Result{Written: f.written, Until: server.certificate.NotAfter}, nil
}

// subjects are the names of a certificate.
type subjects struct {
	hosts     []string
	addresses []net.IP
}

func parse(names []string) (s subjects, err error) {
	for _, name := range names {
		if address, err := netip.ParseAddr(name); err == nil && address.Zone() == "" {
			s.addresses = append(s.addresses, address.Unmap().AsSlice())
			continue
		}
		if !isHost(name) {
			return s, fmt.Errorf("authority: %w: %q is neither a host name nor an IP address", ErrNames, name)
		}
		s.hosts = append(s.hosts, name)
	}
	if len(names) == 0 {
		return s, fmt.Errorf("authority: %w: there is none", ErrNames)
	}
	return s, nil
}

// authority reads the authority, or makes it.
func (f *folder) authority(wanted subjects, replace bool, now time.Time) (pair, error) {
	ca, err := f.read(CAFile, CAKeyFile)
	if err != nil {
		return ca, err
	}
	if ca.certificate != nil && !(replace && (!permits(ca.certificate, wanted) || now.After(ca.certificate.NotAfter))) {
		return ca, nil
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return pair{}, err
	}
	template := &x509.Certificate{
		Subject:  pkix.Name{Organization: []string{"Rebound"}, CommonName: "Rebound private authority " + now.UTC().Format("2006-01-02")},
		NotAfter: now.Add(life),
		IsCA:     true, BasicConstraintsValid: true, MaxPathLenZero: true,
		KeyUsage:                    x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		ExtKeyUsage:                 []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		PermittedDNSDomainsCritical: true,
		PermittedDNSDomains:         wanted.hosts,
	}
	for _, address := range wanted.addresses {
		template.PermittedIPRanges = append(template.PermittedIPRanges, &net.IPNet{IP: address, Mask: net.CIDRMask(8*len(address), 8*len(address))})
	}
	if len(wanted.addresses) == 0 { // nothing permitted would mean that all are
		template.ExcludedIPRanges = []*net.IPNet{{IP: net.IPv4zero.To4(), Mask: net.CIDRMask(0, 32)}, {IP: net.IPv6zero, Mask: net.CIDRMask(0, 128)}}
	}
	if len(wanted.hosts) == 0 {
		template.PermittedDNSDomains = []string{"invalid"} // which no host is in (RFC 6761)
	}
	return f.issue(template, pair{key: key, certificate: template}, key, CAFile, CAKeyFile, now)
}

// permits reports whether the authority may issue for the names.
func permits(ca *x509.Certificate, wanted subjects) bool {
	for _, host := range wanted.hosts {
		if !within(ca.PermittedDNSDomains, host) {
			return false
		}
	}
	for _, address := range wanted.addresses {
		permitted := false
		for _, network := range ca.PermittedIPRanges {
			permitted = permitted || network.Contains(address)
		}
		if !permitted {
			return false
		}
	}
	return true
}

// server reads the server certificate, or makes it.
func (f *folder) server(ca pair, wanted subjects, replace bool, now time.Time) (pair, error) {
	path := filepath.Join(f.dir, CertificateFile)
	server, err := f.read(CertificateFile, KeyFile)
	if err != nil {
		return server, err
	}
	if server.certificate != nil && !replace {
		for _, name := range wanted.all() {
			if err := server.certificate.VerifyHostname(name); err != nil {
				return server, fmt.Errorf("%w: %s is not for %s; replace it with --force", ErrNames, path, name)
			}
		}
		return server, nil
	}
	if !permits(ca.certificate, wanted) {
		return server, fmt.Errorf("%w: the authority %s is not for all of %v; replace it with --force, and have consumers trust the new one",
			ErrNames, filepath.Join(f.dir, CAFile), wanted.all())
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return pair{}, err
	}
	template := &x509.Certificate{
		Subject:  pkix.Name{CommonName: wanted.all()[0]},
		NotAfter: ca.certificate.NotAfter,
		DNSNames: wanted.hosts, IPAddresses: wanted.addresses,
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	return f.issue(template, ca, key, CertificateFile, KeyFile, now)
}

// issue signs the certificate and writes it with its key.
func (f *folder) issue(template *x509.Certificate, by pair, key *ecdsa.PrivateKey, certificateFile, keyFile string, now time.Time) (pair, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return pair{}, err
	}
	template.SerialNumber = serial
	template.NotBefore = now.Add(-24 * time.Hour) // clocks of consumers that are behind
	der, err := x509.CreateCertificate(rand.Reader, template, by.certificate, &key.PublicKey, by.key)
	if err != nil {
		return pair{}, err
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return pair{}, err
	}
	return pair{certificate, key}, f.write(pair{certificate, key}, certificateFile, keyFile)
}
