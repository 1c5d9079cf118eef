package testbed

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// validity is longer than any test and short enough that a leaked key is worth nothing.
const validity = 7 * 24 * time.Hour

// An authority signs the certificates of one bed. Its key lies beside its certificate, so that a test can make what it needs: a
// user of its own, a certificate that has ended.
type authority struct {
	dir  string // where certificates are written
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// newAuthority makes an authority and writes its certificate to dir/name.crt, its key to dir/name.key.
func newAuthority(dir, name string) (*authority, error) {
	key, err := writeKey(filepath.Join(dir, name+".key"))
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		Subject:               pkix.Name{CommonName: "fairway testbed " + name},
		NotBefore:             time.Now().Add(-time.Hour),
		NotAfter:              time.Now().Add(validity),
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
		BasicConstraintsValid: true,
		IsCA:                  true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	return &authority{dir, cert, key}, writePEM(filepath.Join(dir, name+".crt"), "CERTIFICATE", der)
}

// issue writes dir/file.crt and dir/file.key for a subject. Hosts are the addresses and names it may serve as; without any it
// is a client's.
func (a *authority) issue(file, commonName, group string, hosts ...string) error {
	key, err := writeKey(filepath.Join(a.dir, file+".key"))
	if err != nil {
		return err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return err
	}
	template := &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: commonName},
		NotBefore:    a.cert.NotBefore,
		NotAfter:     a.cert.NotAfter,
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	if group != "" {
		template.Subject.Organization = []string{group}
	}
	for _, host := range hosts {
		template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth}
		if ip := net.ParseIP(host); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, host)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, key.Public(), a.key)
	if err != nil {
		return err
	}
	return writePEM(filepath.Join(a.dir, file+".crt"), "CERTIFICATE", der)
}

// kubeconfig issues a client certificate and writes dir/file.kubeconfig, which holds it whole, so that the file can be copied.
func (a *authority) kubeconfig(file, commonName, group, server string) (string, error) {
	if err := a.issue(file, commonName, group); err != nil {
		return "", err
	}
	cert, err := os.ReadFile(filepath.Join(a.dir, file+".crt"))
	if err != nil {
		return "", err
	}
	key, err := os.ReadFile(filepath.Join(a.dir, file+".key"))
	if err != nil {
		return "", err
	}
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.cert.Raw})
	type object = map[string]any
	config := object{
		"apiVersion": "v1", "kind": "Config", "current-context": "testbed",
		"clusters": []object{{"name": "testbed", "cluster": object{"server": server, "certificate-authority-data": ca}}},
		"users":    []object{{"name": commonName, "user": object{"client-certificate-data": cert, "client-key-data": key}}},
		"contexts": []object{{"name": "testbed", "context": object{"cluster": "testbed", "user": commonName}}},
	}
	text, err := json.MarshalIndent(config, "", "  ")
	if err != nil {
		return "", err
	}
	path := filepath.Join(a.dir, file+".kubeconfig")
	return path, os.WriteFile(path, append(text, '\n'), 0o600)
}

// writeKey makes a private key and writes it to path.
func writeKey(path string) (*ecdsa.PrivateKey, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("encode key: %w", err)
	}
	return key, writePEM(path, "EC PRIVATE KEY", der)
}

func writePEM(path, kind string, der []byte) error {
	return os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600)
}

func readCertificates(path string) (*x509.CertPool, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("%s holds no certificate", path)
	}
	return pool, nil
}
