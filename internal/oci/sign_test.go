package oci

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

func digestOf(data []byte) string { return digest.FromBytes(data).String() }

func mustManifest(t *testing.T, r *Result) (m ocispec.Manifest) {
	t.Helper()
	if err := json.Unmarshal(r.manifest, &m); err != nil {
		t.Fatal(err)
	}
	return m
}

func mustSignatures(t *testing.T, w *world, r *Result) []signature {
	t.Helper()
	ref, err := parseReference("oci://" + w.host + "/shop:1.0.0")
	if err != nil {
		t.Fatal(err)
	}
	repo, err := repository(ref, Options{})
	if err != nil {
		t.Fatal(err)
	}
	all, err := signatures(t.Context(), repo, r.descriptor())
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// attach writes a signature, right or wrong.
func attach(t *testing.T, w *world, r *Result, s signature) {
	t.Helper()
	ref, err := parseReference("oci://" + w.host + "/shop:1.0.0")
	if err != nil {
		t.Fatal(err)
	}
	repo, err := repository(ref, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := pushSignature(t.Context(), repo, r.descriptor(), s); err != nil {
		t.Fatal(err)
	}
}

// What is signed is, byte for byte, the payload of cosign for a manifest's digest (sigstore/cosign, specs/SIGNATURE_SPEC.md).
func TestPayload(t *testing.T) {
	key, _ := newKey(t)
	s, err := key.signDigest("sha256:87ef60f558bad79beea6425a3b28989f01dd417164150ab3baab98dcbf04def8", "registry.example.com/shop")
	if err != nil {
		t.Fatal(err)
	}
	want := `{"critical":{"identity":{"docker-reference":"registry.example.com/shop"},"image":{"docker-manifest-digest":"sha256:87ef60f558bad79beea6425a3b28989f01dd417164150ab3baab98dcbf04def8"},"type":"cosign container image signature"},"optional":null}`
	if string(s.Payload) != want {
		t.Errorf("the payload is\n%s\nwant\n%s", s.Payload, want)
	}
}

// Each bit of a signature and of what is signed counts, for both kinds of keys.
func TestEveryBitIsSigned(t *testing.T) {
	ed, _ := newKey(t)
	for _, key := range []*PrivateKey{ed, ecdsaKey(t)} {
		d := digest.FromString("manifest")
		s, err := key.signDigest(d, "")
		if err != nil || !s.of(d, key.pub) {
			t.Fatalf("%s: %v", key.pub.Name, err)
		}
		if s.of(digest.FromString("another"), key.pub) {
			t.Errorf("%s: the signature is right for another digest", key.pub.Name)
		}
		for _, part := range [][]byte{s.Payload, s.Signature} {
			for i := range part {
				for bit := range 8 {
					part[i] ^= 1 << bit
					if s.of(d, key.pub) {
						t.Errorf("%s: bit %d of byte %d does not count", key.pub.Name, bit, i)
					}
					part[i] ^= 1 << bit
				}
			}
		}
	}
}

func TestKeyFiles(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "shop")
	pub, err := GenerateKey(name)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(name + ".pem")
	if err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("the private key has the mode %v (%v), want 0600", info.Mode(), err)
	}
	read, err := ReadPublicKey(name + ".pub.pem")
	if err != nil || read.ID() != pub.ID() {
		t.Errorf("read the key %s (%v), want %s", read.ID(), err, pub.ID())
	}
	before, err := os.ReadFile(name + ".pem")
	if err != nil {
		t.Fatal(err)
	}
	for _, there := range []string{".pem", ".pub.pem"} { // whichever of the two is there
		if _, err := GenerateKey(name); !errors.Is(err, fs.ErrExist) {
			t.Errorf("with %s there, a second key is %v", there, err)
		}
		if err := os.Rename(name+".pub.pem", name+".away"); err == nil {
			defer os.Rename(name+".away", name+".pub.pem")
		}
	}
	if after, _ := os.ReadFile(name + ".pem"); string(after) != string(before) {
		t.Error("the private key was written over")
	}
	if _, err := os.Stat(name + ".pub.pem"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a public key without its private one: %v", err)
	}
}

// Files that are no keys say what they are, and never what is in them.
func TestBadKeys(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "shop")
	if _, err := GenerateKey(name); err != nil {
		t.Fatal(err)
	}
	secret, err := os.ReadFile(name + ".pem")
	if err != nil {
		t.Fatal(err)
	}
	write := func(file, text string) string {
		file = filepath.Join(dir, file)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	for _, file := range []string{name + ".pem", filepath.Join(dir, "none"), write("text", "no PEM"), write("short", "-----BEGIN PUBLIC KEY-----\nMCow\n-----END PUBLIC KEY-----\n")} {
		_, err := ReadPublicKey(file)
		if err == nil {
			t.Errorf("%s is a public key", file)
		} else if body := strings.Split(string(secret), "\n")[1]; strings.Contains(err.Error(), body) {
			t.Errorf("the error shows the private key: %v", err)
		}
	}
	for _, file := range []string{name + ".pub.pem", filepath.Join(dir, "none"), write("short", "-----BEGIN PRIVATE KEY-----\nMCow\n-----END PRIVATE KEY-----\n"),
		write("encrypted", "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMCow\n-----END ENCRYPTED PRIVATE KEY-----\n")} {
		if _, err := ReadPrivateKey(file); err == nil {
			t.Errorf("%s is a private key", file)
		}
	}
}

// replaceLayer puts other bytes into an artefact, with the right digests.
func (a *Artefact) replaceLayer(t *testing.T, layer []byte) {
	t.Helper()
	var m ocispec.Manifest
	if err := json.Unmarshal(a.manifest, &m); err != nil {
		t.Fatal(err)
	}
	m.Layers[0].Digest, m.Layers[0].Size = digest.FromBytes(layer), int64(len(layer))
	var err error
	if a.manifest, err = json.Marshal(m); err != nil {
		t.Fatal(err)
	}
	a.layer = layer
}
