package oci

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"io/fs"
	"os"

	"github.com/fairway-k8s/fairway/internal/problem"
)

// PublicKey verifies signatures: Ed25519, or ECDSA on the curve P-256.
type PublicKey struct {
	Name string // the file it was read from
	id   string // SHA-256 of the key as PKIX, in hex
	key  crypto.PublicKey
}

// ID names the key, whatever file it is in: the SHA-256 of its PKIX form.
func (k PublicKey) ID() string { return "sha256:" + k.id }

// PrivateKey makes signatures.
type PrivateKey struct {
	key crypto.Signer
	pub PublicKey
}

// Public is the key that verifies what this one signs.
func (k *PrivateKey) Public() PublicKey { return k.pub }

func newPublicKey(name string, key crypto.PublicKey) (PublicKey, error) {
	switch k := key.(type) {
	case ed25519.PublicKey:
	case *ecdsa.PublicKey:
		if k.Curve != elliptic.P256() {
			return PublicKey{}, errors.New("its curve is not P-256")
		}
	default:
		return PublicKey{}, errors.New("it is neither Ed25519 nor ECDSA P-256")
	}
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		return PublicKey{}, err
	}
	sum := sha256.Sum256(der)
	return PublicKey{name, hex.EncodeToString(sum[:]), key}, nil
}

// sign signs a message as cosign does: Ed25519 over the message, ECDSA over its SHA-256.
func (k *PrivateKey) sign(message []byte) ([]byte, error) {
	if _, ok := k.key.(ed25519.PrivateKey); ok {
		return k.key.Sign(nil, message, crypto.Hash(0))
	}
	sum := sha256.Sum256(message)
	return k.key.Sign(rand.Reader, sum[:], crypto.SHA256)
}

func (k PublicKey) verifies(message, signature []byte) bool {
	switch key := k.key.(type) {
	case ed25519.PublicKey:
		return ed25519.Verify(key, message, signature)
	case *ecdsa.PublicKey:
		sum := sha256.Sum256(message)
		return ecdsa.VerifyASN1(key, sum[:], signature)
	}
	return false
}

const (
	privateBlock = "PRIVATE KEY" // PKCS#8
	publicBlock  = "PUBLIC KEY"  // PKIX
)

// ReadPrivateKey reads a key from a PEM file.
func ReadPrivateKey(name string) (*PrivateKey, error) {
	k := &PrivateKey{}
	err := readPEM(name, privateBlock, func(der []byte) (err error) {
		key, err := x509.ParsePKCS8PrivateKey(der)
		if err != nil {
			return err
		}
		signer, ok := key.(crypto.Signer)
		if !ok {
			return errors.New("it cannot sign")
		}
		k.key = signer
		k.pub, err = newPublicKey(name, signer.Public())
		return err
	})
	if err != nil {
		return nil, keyProblem("cannot read the private key", name, "name a file of fairway catalogue keygen, or a PKCS#8 PEM file with a key of Ed25519 or ECDSA P-256 and no passphrase", err)
	}
	return k, nil
}

// ReadPublicKey reads a key from a PEM file.
func ReadPublicKey(name string) (PublicKey, error) {
	var k PublicKey
	err := readPEM(name, publicBlock, func(der []byte) error {
		key, err := x509.ParsePKIXPublicKey(der)
		if err == nil {
			k, err = newPublicKey(name, key)
		}
		return err
	})
	if err != nil {
		return k, keyProblem("cannot read the public key", name, "name the .pub.pem file of fairway catalogue keygen, or a PEM file with a public key of Ed25519 or ECDSA P-256", err)
	}
	return k, nil
}

// readPEM gives the block of a type to a function. The error never holds what is in the file.
func readPEM(name, block string, parse func([]byte) error) error {
	data, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	b, _ := pem.Decode(data)
	if b == nil {
		return errors.New("it is no PEM file")
	}
	if b.Type != block {
		return errors.New("it holds " + b.Type + " and not " + block)
	}
	return parse(b.Bytes)
}

// GenerateKey makes a new key of Ed25519 and writes NAME.pem, which only its owner can read, and NAME.pub.pem. Files that are there are never
// written over: what they have signed could not be signed again.
func GenerateKey(name string) (PublicKey, error) {
	private, public := name+".pem", name+".pub.pem"
	fail := func(file string, err error) (PublicKey, error) {
		next := "name another place with -o"
		if errors.Is(err, fs.ErrExist) {
			next = "name another key with -o; a key that is there is never written over"
		}
		return PublicKey{}, keyProblem("cannot write the key", file, next, err)
	}
	if _, err := os.Lstat(public); err == nil {
		return fail(public, fs.ErrExist)
	}
	pub, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return fail(private, err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return fail(private, err)
	}
	pubDER, err := x509.MarshalPKIXPublicKey(pub)
	if err != nil {
		return fail(public, err)
	}
	if err := writeNew(private, 0o600, &pem.Block{Type: privateBlock, Bytes: der}); err != nil {
		return fail(private, err)
	}
	if err := writeNew(public, 0o644, &pem.Block{Type: publicBlock, Bytes: pubDER}); err != nil {
		os.Remove(private)
		return fail(public, err)
	}
	return newPublicKey(public, pub)
}

func writeNew(name string, mode os.FileMode, block *pem.Block) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	err = pem.Encode(f, block)
	if err == nil {
		err = f.Sync()
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err != nil {
		os.Remove(name)
	}
	return err
}

func keyProblem(what, where, next string, err error) error {
	return &problem.Problem{What: what, Where: where, Why: problem.Plain(err), Next: next, Err: err}
}
